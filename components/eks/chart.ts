// A Helm chart with a pinned version, as resources the engine and the policies can see.
import * as pulumi from "@pulumi/pulumi";
import { Chart as HelmChart } from "@pulumi/kubernetes/helm/v4/chart";
import type { Provider } from "@pulumi/kubernetes/provider";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { versionProblems } from "./versions";

export interface ChartArgs {
  /** The chart: an `oci://` reference, or a name inside `repository`. Changing it replaces the chart's objects. */
  chart: string;
  /** URL of the chart repository. Default: none, for an `oci://` chart. */
  repository?: string;
  /** The chart's exact version. There is no default: null is marked in a preview and refused by `up`. In place. */
  version: string | null;
  /** Namespace the chart's objects go to; it must exist. Changing it replaces them. */
  namespace: pulumi.Input<string>;
  /** Values, never secrets: what is given here is in state in the clear. Default none. In place. */
  values?: Record<string, unknown>;
  /** The cluster's Kubernetes provider. */
  kubernetes: Provider;
  /** Leave out the chart's custom resource definitions. Default false. */
  skipCrds?: boolean;
  /** Make the chart's install hooks ordinary objects. Default false: hooks are left out. */
  includeHooks?: boolean;
  /** What must exist before the chart's objects. Default nothing. */
  after?: pulumi.Resource[];
}

/**
 * One Helm chart, rendered by the provider: every object in it is in the graph, and policies see it.
 *
 *     new Chart("blackbox", {
 *       chart: "prometheus-blackbox-exporter", repository: "https://prometheus-community.github.io/helm-charts",
 *       version: "11.0.0", namespace: "monitoring", kubernetes: cluster.provider,
 *     });
 *
 * Makes: `kubernetes:helm.sh/v4:Chart` and what the chart renders. An offline preview does not render it. Costs nothing
 * itself. Destroyed after what depends on it; namespaces and custom resource definitions go with it.
 */
export class Chart extends pulumi.ComponentResource {
  /** True once the chart's objects are ready. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: ChartArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("Chart", name, chartProblems(name, args));
    super("roadstead:index:Chart", name, {}, opts);

    const chart = new HelmChart(
      name,
      {
        chart: args.chart,
        version: args.version ?? undefined,
        namespace: args.namespace,
        repositoryOpts: args.repository === undefined ? undefined : { repo: args.repository },
        values: args.values,
        skipCrds: args.skipCrds ?? false,
        includeHooks: args.includeHooks ?? false,
      },
      { parent: this, provider: args.kubernetes, dependsOn: args.after },
    );

    this.ready = pulumi.output(chart.resources).apply(() => true);
    this.registerOutputs({ ready: this.ready });
  }
}

function chartProblems(name: string, args: ChartArgs): ArgumentProblem[] {
  const problems = versionProblems(
    [{ path: "version", value: args.version, what: `the chart ${args.chart}`, setting: "versions.charts" }],
    `Chart ${name}`,
  );
  const isOci = args.chart.startsWith("oci://");
  if (isOci === (args.repository !== undefined)) {
    problems.push({
      path: "repository",
      received: given(args.repository),
      accepted: isOci ? "nothing, for an oci:// chart" : "the URL of the chart's repository",
      fix: isOci ? "leave it out" : "give it, or use an oci:// reference as chart",
    });
  }
  if (args.version !== null && !/^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/.test(args.version)) {
    problems.push({
      path: "version",
      received: given(args.version),
      accepted: "one exact version such as 1.2.3",
      fix: "write the version out: a range would upgrade by itself",
    });
  }
  return problems;
}

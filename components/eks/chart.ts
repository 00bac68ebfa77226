// A Helm chart with a pinned version: as resources the engine and the policies can see, or, where its hooks must run, by Helm.
import * as pulumi from "@pulumi/pulumi";
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import { Chart as HelmChart } from "@pulumi/kubernetes/helm/v4/chart";
import type { Provider } from "@pulumi/kubernetes/provider";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { versionProblems } from "./versions";

/** What becomes of a chart's hooks: Jobs and accounts it wants run before or after its other objects. */
export const ChartHooks = { LeaveOut: "leave-out", Run: "run" } as const;
export type ChartHooks = (typeof ChartHooks)[keyof typeof ChartHooks];

export interface ChartArgs {
  /** The chart: an `oci://` reference, or a name inside `repository`. Changing it replaces the chart's objects. */
  chart: string;
  /** URL of the chart repository. Default: none, for an `oci://` chart. */
  repository?: string;
  /** The chart's exact version. There is no default: null is marked in a preview and refused by `up`. In place. */
  version: string | null;
  /** Digest of an `oci://` chart, "sha256:" and 64 hex digits. Helm fetches by it and nothing else can come. Refused for a repository, which has no such address. Default none. In place. */
  digest?: string | null;
  /** Namespace the chart's objects go to; it must exist. Changing it replaces them. */
  namespace: pulumi.Input<string>;
  /** Values, never secrets: what is given here is in state in the clear. Default none. In place. */
  values?: Record<string, unknown>;
  /** The cluster's Kubernetes provider. */
  kubernetes: Provider;
  /** Leave out the chart's custom resource definitions. Default false. */
  skipCrds?: boolean;
  /** LeaveOut renders the chart into resources, without its hooks. Run installs it as Helm does: one resource, its objects unseen by policies. Default LeaveOut. Changing it installs the chart anew. */
  hooks?: ChartHooks;
  /** What must exist before the chart's objects. Default nothing. */
  after?: pulumi.Resource[];
}

/**
 * One Helm chart, rendered by the provider: every object in it is in the graph, and policies see it. The provider renders
 * no hooks (pulumi-kubernetes#3284); a chart that does not work without them takes `hooks: ChartHooks.Run`.
 *
 *     new Chart("blackbox", {
 *       chart: "prometheus-blackbox-exporter", repository: "https://prometheus-community.github.io/helm-charts",
 *       version: "11.0.0", namespace: "monitoring", kubernetes: cluster.provider,
 *     });
 *
 * Makes: `kubernetes:helm.sh/v4:Chart` and what the chart renders, or one `kubernetes:helm.sh/v3:Release`. An offline
 * preview renders neither. Costs nothing itself. Destroyed after what depends on it; namespaces and custom resource
 * definitions of a rendered chart go with it, those of a release stay.
 */
export class Chart extends pulumi.ComponentResource {
  /** True once the chart's objects are ready. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: ChartArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("Chart", name, chartProblems(name, args));
    super("roadstead:index:Chart", name, {}, opts);

    this.ready = args.hooks === ChartHooks.Run ? install(name, args, this) : render(name, args, this);
    this.registerOutputs({ ready: this.ready });
  }
}

/** What both ways to a chart take. */
function source(args: ChartArgs) {
  return {
    chart: args.digest ? `${args.chart}@${args.digest}` : args.chart,
    version: args.version ?? undefined,
    namespace: args.namespace,
    repositoryOpts: args.repository === undefined ? undefined : { repo: args.repository },
    values: args.values,
    skipCrds: args.skipCrds ?? false,
  };
}

function render(name: string, args: ChartArgs, parent: Chart): pulumi.Output<boolean> {
  const chart = new HelmChart(name, source(args), { parent, provider: args.kubernetes, dependsOn: args.after });
  return pulumi.output(chart.resources).apply(() => true);
}

function install(name: string, args: ChartArgs, parent: Chart): pulumi.Output<boolean> {
  const release = new Release(
    name,
    // A fixed name: objects are named after it, and hooks of an upgrade find those of the installation.
    { ...source(args), name, timeout: INSTALL_SECONDS },
    // The name is taken until the old release is gone.
    { parent, provider: args.kubernetes, dependsOn: args.after, deleteBeforeReplace: true },
  );
  return release.status.apply(() => true);
}

/** Two images to pull, a Job and a rollout: well over Helm's five minutes on new nodes. */
const INSTALL_SECONDS = 900;

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
  if (args.digest !== undefined && args.digest !== null) {
    if (!/^sha256:[0-9a-f]{64}$/.test(args.digest) || !isOci) {
      problems.push({
        path: "digest",
        received: given(args.digest),
        accepted: isOci ? "sha256: and 64 hex digits" : "nothing, for a chart of a repository",
        fix: isOci
          ? "take it from helm show chart, or from the registry"
          : "take the chart from an oci:// registry: a repository cannot be asked for a digest",
      });
    }
  }
  if (args.hooks === ChartHooks.Run && name.length > 53) {
    problems.push({
      path: "hooks",
      received: `the release name ${given(name)}`,
      accepted: "a component name of at most 53 characters",
      fix: "name the component shorter: Helm names the release after it",
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

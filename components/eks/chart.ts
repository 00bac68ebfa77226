// A Helm chart with a pinned version, as resources the engine and the policies can see.
import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/kubernetes/provider";

export interface ChartArgs {
  /** The chart: an `oci://` reference, or a name inside `repository`. */
  chart: string;
  /** URL of the chart repository. Default: none, for an `oci://` chart. */
  repository?: string;
  /** The chart's exact version. There is no default: null is marked in a preview and refused by `up`. */
  version: string | null;
  /** Namespace the chart's objects go to; it must exist. */
  namespace: pulumi.Input<string>;
  /** Values, never secrets: what is given here is in state in the clear. Default none. */
  values?: Record<string, unknown>;
  /** The cluster's Kubernetes provider. */
  kubernetes: Provider;
  /** Leave out the chart's custom resource definitions. Default false. */
  skipCrds?: boolean;
}

export class Chart extends pulumi.ComponentResource {
  /** True once the chart's objects are ready. */
  public readonly ready!: pulumi.Output<boolean>;

  constructor(name: string, args: ChartArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:Chart", name, {}, opts);
    void args;
  }
}

// Any conformant Kubernetes as the place for cells.
import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/kubernetes/provider";

export interface ExistingClusterArgs {
  /** The cluster's kubeconfig, a secret. A new one for the same cluster is an update in place. */
  kubeconfig: pulumi.Input<string>;
  /** The kubeconfig's context. Default: its current one. */
  context?: string;
  /** Name of the storage class for piers. It must exist and keep volumes (reclaimPolicy Retain). */
  storageClass: string;
  /** What the cluster is called here. Changing it says that this is another cluster: everything in it is replaced. Default: the component's name. */
  clusterIdentifier?: string;
}

export class ExistingCluster extends pulumi.ComponentResource {
  public readonly provider!: Provider;
  /** The storage class's name, known once the class was read and keeps volumes. */
  public readonly storageClass!: pulumi.Output<string>;
  /** True once the cluster answered. */
  public readonly ready!: pulumi.Output<boolean>;

  constructor(name: string, args: ExistingClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:ExistingCluster", name, {}, opts);
    void args;
  }
}

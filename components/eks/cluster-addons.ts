import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/kubernetes/provider";

/** EKS add-on versions, such as "v1.20.4-eksbuild.1". Each is required: null is marked in a preview and refused by `up`. */
export interface AddonVersions {
  vpcCni?: string | null;
  kubeProxy?: string | null;
  coredns?: string | null;
  ebsCsi?: string | null;
  podIdentityAgent?: string | null;
  snapshotController?: string | null;
}

export interface ClusterAddonsArgs {
  /** AWS region. */
  region: string;
  /** The cluster's name; take `Cluster.name`. */
  clusterName: pulumi.Input<string>;
  /** The cluster's Kubernetes provider; take `Cluster.provider`. */
  kubernetes: Provider;
  /** The node pools the add-ons run on: they are created after these and deleted before them. */
  nodePools: pulumi.Resource[];
  versions: AddonVersions;
  /** Name of the storage class for piers. Default "roadstead-gp3". Changing it makes a second class; volumes stay on the first. */
  storageClass?: string;
  /** Value of the tag `roadstead.dev/backup` on every pier volume: what snapshot schedules select. Give `Backups` the same. */
  backupTag: string;
  /** Domain ships are served under. Without one, no gateway, load balancer, zone or certificate is made. */
  domain?: string | null;
  /** An existing Route 53 zone of the domain. Without one a zone is made, and must be delegated. */
  zoneId?: string | null;
  /** Version of the Envoy Gateway chart; required with a domain. Null is marked in a preview and refused by `up`. */
  envoyGatewayVersion?: string | null;
  /** Tags for every AWS resource. Default none. In place. */
  tags?: Record<string, string>;
}

export class ClusterAddons extends pulumi.ComponentResource {
  /** The storage class's name, known once the class and its driver exist. */
  public readonly storageClass!: pulumi.Output<string>;
  /** Name servers to delegate the domain to; empty when a zone was adopted or there is no domain. */
  public readonly nameServers!: pulumi.Output<string[]>;
  /** Host name of the edge's load balancer; empty without a domain. */
  public readonly edgeAddress!: pulumi.Output<string>;
  /** True once every add-on is active: tenants may move in. */
  public readonly ready!: pulumi.Output<boolean>;

  constructor(name: string, args: ClusterAddonsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:ClusterAddons", name, {}, opts);
    void args;
  }
}

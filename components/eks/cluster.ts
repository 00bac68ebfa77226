import * as pulumi from "@pulumi/pulumi";
import type { Provider } from "@pulumi/kubernetes/provider";

/** What AWS does when the Kubernetes version leaves standard support. */
export const VersionSupport = { Standard: "STANDARD", Extended: "EXTENDED" } as const;
export type VersionSupport = (typeof VersionSupport)[keyof typeof VersionSupport];

export interface ClusterArgs {
  /** AWS region. Changing it replaces the cluster. */
  region: string;
  /** Kubernetes minor version such as "1.34". There is no default: null is marked in a preview and refused by `up`. In place, one minor at a time. */
  version: string | null;
  /** The cluster's name in AWS, 1 to 100 letters, digits, dashes. Default: the component's name. Changing it replaces the cluster. */
  clusterName?: string;
  /** The VPC the cluster stands in. */
  vpcId: pulumi.Input<string>;
  /** Private subnets for the control plane's interfaces, in two zones at least. */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** Networks that may reach the API from outside the VPC. None: the endpoint is private and `pulumi up` must run inside the VPC. The world is refused. In place. */
  adminCidrs?: string[];
  /** IAM principals that administer the cluster, the one that runs `pulumi up` included. None: whoever creates the cluster. In place. */
  adminArns?: string[];
  /** How long control plane logs are kept, in days. Default 365. In place. */
  logRetentionDays?: number;
  /** Range of Kubernetes service addresses. Default 172.20.0.0/16. Changing it replaces the cluster. */
  serviceCidr?: string;
  /** Standard: AWS upgrades the control plane when support ends. Extended: it stays, at six times the price. Default Standard. In place. */
  versionSupport?: VersionSupport;
  /** Tags for every resource. Default none. In place. */
  tags?: Record<string, string>;
}

export class Cluster extends pulumi.ComponentResource {
  /** The cluster's name, known once its access entries exist. */
  public readonly name!: pulumi.Output<string>;
  public readonly endpoint!: pulumi.Output<string>;
  /** The API's certificate authority, base64. */
  public readonly certificateAuthority!: pulumi.Output<string>;
  public readonly oidcIssuer!: pulumi.Output<string>;
  /** Secret. Holds no token: kubectl asks `aws eks get-token` each time. */
  public readonly kubeconfig!: pulumi.Output<string>;
  /** For everything inside the cluster. */
  public readonly provider!: Provider;
  /** The range of Kubernetes service addresses. */
  public readonly serviceCidr!: pulumi.Output<string>;
  /** True once the API may be used: the control plane is active and the access entries exist. */
  public readonly ready!: pulumi.Output<boolean>;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:Cluster", name, {}, opts);
    void args;
  }
}

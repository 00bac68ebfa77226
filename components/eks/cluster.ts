// An EKS control plane: private or allow-listed, its secrets under a key of its own, its logs kept. It never picks a version.
import * as pulumi from "@pulumi/pulumi";
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup";
import { AccessEntry } from "@pulumi/aws/eks/accessEntry";
import { AccessPolicyAssociation } from "@pulumi/aws/eks/accessPolicyAssociation";
import { Cluster as EksCluster } from "@pulumi/aws/eks/cluster";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { OpenIdConnectProvider } from "@pulumi/aws/iam/openIdConnectProvider";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import { Key } from "@pulumi/aws/kms/key";
import { Provider } from "@pulumi/kubernetes/provider";
import { IPv4 } from "ipaddr.js";
import { eksVersionProblem, worldOpenCidr } from "../../planner/predicates";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { SERVICE_CIDR } from "./render/cidr-plan";
import { keyPolicyForLogs, STS_AUDIENCE, trustService, useSecretsKey } from "./render/iam-documents";
import { kubeconfig } from "./render/kubeconfig";
import { tagged } from "./tags";
import { versionProblems } from "./versions";

/** What AWS does when the Kubernetes version leaves standard support. */
export const VersionSupport = { Standard: "STANDARD", Extended: "EXTENDED" } as const;
export type VersionSupport = (typeof VersionSupport)[keyof typeof VersionSupport];

/** Every control plane log there is: an auditor asks for the one that was off. */
export const CONTROL_PLANE_LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

export interface ClusterArgs {
  /** AWS region. Changing it replaces the cluster. */
  region: string;
  /** Kubernetes minor version such as "1.34". There is no default: null is marked in a preview and refused by `up`. In place, one minor at a time. */
  version: string | null;
  /** The cluster's name in AWS, 1 to 100 letters, digits, dashes. Default: the component's name. Changing it replaces the cluster. */
  clusterName?: string;
  /** Private subnets for the control plane's interfaces, in two zones at least. */
  subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  /** IPv4 networks that may reach the API from outside the VPC. Default none: the endpoint is private and `pulumi up` must run inside the VPC. The world is refused. In place. */
  adminCidrs?: string[];
  /** IAM principals that administer the cluster, the one that runs `pulumi up` included. Default none: whoever creates the cluster. In place. */
  adminArns?: string[];
  /** How long control plane logs are kept, in days. Default 365. In place. */
  logRetentionDays?: number;
  /** Range of Kubernetes service addresses. Default 172.20.0.0/16. Changing it replaces the cluster. */
  serviceCidr?: string;
  /** Standard: AWS upgrades the control plane when support ends. Extended: it stays, at six times the price. Default Standard. In place. */
  versionSupport?: VersionSupport;
  /** Whether IAM trusts the cluster's OIDC issuer, for `WorkloadRole` with `oidc`. Default false: Pod Identity needs none. In place. */
  oidc?: boolean;
  /** Tags for every resource. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * An EKS cluster without nodes: add `NodePool` and `ClusterAddons`.
 *
 *     const cluster = new Cluster("prod", {
 *       region: "us-west-2", version: "1.34", subnetIds: network.privateSubnetIds,
 *       adminCidrs: ["203.0.113.0/24"], adminArns: ["arn:aws:iam::111122223333:role/platform"],
 *     });
 *
 * Makes: a KMS key for secrets and logs, the log group (before EKS would make one without retention), the cluster's role,
 * the cluster, an access entry and its administrator policy for each ARN, with `oidc` an IAM OIDC provider, and a Kubernetes
 * provider.
 *
 * Monthly: control plane 73.00 (438.00 in extended support), key 1.00, logs 0.50 a GB in and 0.03 a GB kept.
 *
 * Destroyed after everything inside it, and before the network: provider, access entries, cluster, role, logs, key.
 */
export class Cluster extends pulumi.ComponentResource {
  /** The cluster's name, known once its access entries exist: what is built from it waits for them and is deleted first. */
  public readonly name: pulumi.Output<string>;
  public readonly endpoint: pulumi.Output<string>;
  /** The group EKS makes for the control plane, the nodes and their pods. */
  public readonly securityGroupId: pulumi.Output<string>;
  /** The API's certificate authority, base64. */
  public readonly certificateAuthority: pulumi.Output<string>;
  public readonly oidcIssuer: pulumi.Output<string>;
  /** ARN of the IAM OIDC provider; empty without `oidc`. */
  public readonly oidcProviderArn: pulumi.Output<string>;
  /** Secret. Holds no token: kubectl asks `aws eks get-token` each time. */
  public readonly kubeconfig: pulumi.Output<string>;
  /** For everything inside the cluster. Replaced only with the cluster. */
  public readonly provider: Provider;
  /** The range of Kubernetes service addresses. */
  public readonly serviceCidr: pulumi.Output<string>;
  /** True once the API may be used: the control plane is active and the access entries exist. Nodes: `NodePool.ready`. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("Cluster", name, clusterProblems(name, args));
    super("roadstead:index:Cluster", name, {}, opts);
    const context: Context = { name, clusterName: args.clusterName ?? name, args, parent: this };
    if ((args.adminCidrs ?? []).length === 0) {
      void pulumi.log.warn(
        "the API is private: up must run inside the VPC, or access.adminCidrs name your networks",
        this,
      );
    }

    const key = createKey(context);
    const logs = createLogGroup(context, key);
    const role = createRole(context, key);
    const cluster = createCluster(context, key, role, logs);
    const access = createAccess(context, cluster);
    this.kubeconfig = renderKubeconfig(context, cluster);
    this.provider = createProvider(context, this.kubeconfig, access);

    const granted = pulumi.all(access.map((entry) => entry.principalArn));
    this.name = pulumi.all([cluster.name, granted]).apply(([known]) => known);
    this.endpoint = cluster.endpoint;
    // EKS makes the group: before the cluster has its ARN it has none.
    this.securityGroupId = pulumi
      .all([cluster.vpcConfig, cluster.arn])
      .apply(([vpc]) => vpc?.clusterSecurityGroupId ?? "");
    this.certificateAuthority = cluster.certificateAuthority.apply((ca) => ca?.data ?? "");
    this.oidcIssuer = cluster.identities.apply((ids) => ids?.[0]?.oidcs?.[0]?.issuer ?? "");
    this.oidcProviderArn = createOidcProvider(context, this.oidcIssuer)?.arn ?? pulumi.output("");
    this.serviceCidr = pulumi.output(args.serviceCidr ?? SERVICE_CIDR);
    this.ready = pulumi.all([cluster.endpoint, granted]).apply(() => true);
    this.registerOutputs({
      name: this.name,
      endpoint: this.endpoint,
      securityGroupId: this.securityGroupId,
      certificateAuthority: this.certificateAuthority,
      oidcIssuer: this.oidcIssuer,
      oidcProviderArn: this.oidcProviderArn,
      kubeconfig: this.kubeconfig,
      serviceCidr: this.serviceCidr,
      ready: this.ready,
    });
  }
}

interface Context {
  name: string;
  clusterName: string;
  args: ClusterArgs;
  parent: pulumi.Resource;
}

const ADMIN_ARN = /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/;

function clusterProblems(name: string, args: ClusterArgs): ArgumentProblem[] {
  const problems = versionProblems(
    [{ path: "version", value: args.version, what: "Kubernetes", setting: "versions.kubernetes" }],
    `Cluster ${name}`,
  );
  const ended = args.version === null ? null : eksVersionProblem(args.version, "version");
  if (ended !== null) problems.push(ended);
  const clusterName = args.clusterName ?? name;
  if (!/^[0-9A-Za-z][A-Za-z0-9-]{0,99}$/.test(clusterName)) {
    problems.push({
      path: "clusterName",
      received: given(clusterName),
      accepted: "1 to 100 letters, digits and dashes, starting with a letter or digit",
      fix: "give clusterName, or name the component so",
    });
  }
  (args.adminCidrs ?? []).forEach((cidr, i) => {
    if (worldOpenCidr(cidr) || !IPv4.isValidCIDRFourPartDecimal(cidr)) {
      problems.push({
        path: `adminCidrs[${i}]`,
        received: given(cidr),
        accepted: "IPv4 networks of your own, such as 203.0.113.0/24",
        fix: "name the networks you administer from, or none for a private endpoint; EKS takes no IPv6 ones here",
      });
    }
  });
  (args.adminArns ?? []).forEach((arn, i) => {
    if (!ADMIN_ARN.test(arn) || args.adminArns!.indexOf(arn) !== i) {
      problems.push({
        path: `adminArns[${i}]`,
        received: given(arn),
        accepted: "the ARN of an IAM role or user, each once",
        fix: "write it as arn:aws:iam::111122223333:role/name",
      });
    }
  });
  return problems;
}

function createKey({ name, clusterName, args, parent }: Context): Key {
  const account = getCallerIdentityOutput({}, { parent }).accountId;
  return new Key(
    `${name}-cluster`,
    {
      description: `Encrypts the secrets and the control plane logs of ${clusterName}`,
      enableKeyRotation: true,
      deletionWindowInDays: 30,
      policy: account.apply((id) => keyPolicyForLogs(id, args.region, logGroupName(clusterName))),
      region: args.region,
      tags: tagged(args, `${name}-cluster`),
    },
    { parent },
  );
}

const logGroupName = (clusterName: string) => `/aws/eks/${clusterName}/cluster`;

function createLogGroup({ name, clusterName, args, parent }: Context, key: Key): LogGroup {
  return new LogGroup(
    `${name}-cluster`,
    {
      name: logGroupName(clusterName),
      retentionInDays: args.logRetentionDays ?? 365,
      kmsKeyId: key.arn,
      region: args.region,
      tags: tagged(args, `${name}-cluster`),
    },
    // EKS writes to this name and no other, so a replacement must wait until the old one is gone.
    { parent, deleteBeforeReplace: true },
  );
}

interface ReadyRole {
  role: Role;
  /** What the role needs before it is of use. */
  granted: pulumi.Resource[];
}

function createRole({ name, args, parent }: Context, key: Key): ReadyRole {
  const role = new Role(
    `${name}-cluster`,
    {
      assumeRolePolicy: trustService("eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"]),
      tags: args.tags,
    },
    { parent },
  );
  const managed = new RolePolicyAttachment(
    `${name}-cluster`,
    { role: role.name, policyArn: "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy" },
    { parent },
  );
  const ownKey = new RolePolicy(
    `${name}-cluster-key`,
    { role: role.id, policy: key.arn.apply((arn) => useSecretsKey(arn)) },
    { parent },
  );
  return { role, granted: [managed, ownKey] };
}

function createCluster(
  { name, clusterName, args, parent }: Context,
  key: Key,
  { role, granted }: ReadyRole,
  logs: LogGroup,
): EksCluster {
  const adminCidrs = args.adminCidrs ?? [];
  return new EksCluster(
    name,
    {
      name: clusterName,
      version: args.version ?? undefined,
      roleArn: role.arn,
      region: args.region,
      vpcConfig: {
        subnetIds: args.subnetIds,
        endpointPrivateAccess: true,
        endpointPublicAccess: adminCidrs.length > 0,
        publicAccessCidrs: adminCidrs.length > 0 ? adminCidrs : undefined,
      },
      accessConfig: {
        authenticationMode: "API",
        // With administrators named, nobody becomes one by having typed the command.
        bootstrapClusterCreatorAdminPermissions: (args.adminArns ?? []).length === 0,
      },
      encryptionConfig: { provider: { keyArn: key.arn }, resources: ["secrets"] },
      enabledClusterLogTypes: CONTROL_PLANE_LOGS,
      kubernetesNetworkConfig: { ipFamily: "ipv4", serviceIpv4Cidr: args.serviceCidr ?? SERVICE_CIDR },
      upgradePolicy: { supportType: args.versionSupport ?? VersionSupport.Standard },
      tags: args.tags,
    },
    {
      parent,
      dependsOn: [logs, ...granted],
      // Read by AWS at creation only; a later difference would replace the cluster and everything in it.
      ignoreChanges: ["accessConfig.bootstrapClusterCreatorAdminPermissions", "bootstrapSelfManagedAddons"],
    },
  );
}

function createAccess({ name, args, parent }: Context, cluster: EksCluster): AccessPolicyAssociation[] {
  return (args.adminArns ?? []).map((principalArn) => {
    // Keyed by the principal, never by its place in the list.
    const key = principalArn.replace(/^arn:[^:]+:iam::/, "").replace(/[^A-Za-z0-9]+/g, "-");
    const entry = new AccessEntry(
      `${name}-admin-${key}`,
      { clusterName: cluster.name, principalArn, region: args.region, tags: args.tags },
      { parent },
    );
    return new AccessPolicyAssociation(
      `${name}-admin-${key}`,
      {
        clusterName: cluster.name,
        principalArn: entry.principalArn,
        policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        accessScope: { type: "cluster" },
        region: args.region,
      },
      { parent },
    );
  });
}

function createOidcProvider(
  { name, args, parent }: Context,
  issuer: pulumi.Output<string>,
): OpenIdConnectProvider | null {
  if (!(args.oidc ?? false)) return null;
  return new OpenIdConnectProvider(
    `${name}-oidc`,
    { url: issuer, clientIdLists: [STS_AUDIENCE], tags: tagged(args, `${name}-oidc`) },
    { parent },
  );
}

function renderKubeconfig({ clusterName, args }: Context, cluster: EksCluster): pulumi.Output<string> {
  const text = pulumi
    .all([cluster.endpoint, cluster.certificateAuthority])
    .apply(([endpoint, authority]) =>
      kubeconfig({ name: clusterName, region: args.region, endpoint, certificateAuthority: authority?.data ?? "" }),
    );
  return pulumi.secret(text);
}

function createProvider(
  { name, clusterName, args, parent }: Context,
  config: pulumi.Output<string>,
  access: AccessPolicyAssociation[],
): Provider {
  return new Provider(
    `${name}-kubernetes`,
    {
      kubeconfig: config,
      // Only another cluster replaces the provider: a rotated certificate must not replace every object behind it.
      clusterIdentifier: `${args.region}/${clusterName}`,
      enableServerSideApply: true,
      // An object that exists already is someone else's, above all a ship's registry entry: creation must fail.
      upsertExistingObjects: false,
    },
    { parent, dependsOn: access },
  );
}

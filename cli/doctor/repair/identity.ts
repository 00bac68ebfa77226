// Under which id an object can be asked for, when all that is known is what it was to be made of. Data, with its sources.
import { type Properties, readable, type StateResource } from "./state";

export interface Naming {
  /** Import id: {a|b} is the first of these inputs that is there. */
  id: string;
  /** The input that names what it is a part of: part of an object of this stack is the stack's own. */
  part?: string;
  /** Where the id is documented. */
  source: string;
}

const sdk = (file: string): string => `@pulumi/${file}.d.ts, Import`;
const AWS = "aws 7.48.0 ";
const DO = "digitalocean 4.80.1 ";

const bucketPart = (file: string): Naming => ({ id: "{bucket}", part: "bucket", source: sdk(`${AWS}s3/${file}`) });

/** Types whose import id follows from their inputs. */
export const NAMED: Readonly<Record<string, Naming>> = {
  "aws:cloudwatch/logGroup:LogGroup": { id: "{name}", source: sdk(`${AWS}cloudwatch/logGroup`) },
  "aws:ec2/route:Route": {
    id: "{routeTableId}_{destinationCidrBlock|destinationIpv6CidrBlock|destinationPrefixListId}",
    part: "routeTableId",
    source: sdk(`${AWS}ec2/route`),
  },
  "aws:ec2/routeTableAssociation:RouteTableAssociation": {
    id: "{subnetId|gatewayId}/{routeTableId}",
    part: "routeTableId",
    source: sdk(`${AWS}ec2/routeTableAssociation`),
  },
  "aws:ec2/volumeAttachment:VolumeAttachment": {
    id: "{deviceName}:{volumeId}:{instanceId}",
    part: "volumeId",
    source: sdk(`${AWS}ec2/volumeAttachment`),
  },
  "aws:eks/accessEntry:AccessEntry": {
    id: "{clusterName}:{principalArn}",
    part: "clusterName",
    source: sdk(`${AWS}eks/accessEntry`),
  },
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {
    id: "{clusterName}#{principalArn}#{policyArn}",
    part: "clusterName",
    source: sdk(`${AWS}eks/accessPolicyAssociation`),
  },
  "aws:eks/addon:Addon": {
    id: "{clusterName}:{addonName}",
    part: "clusterName",
    source: "hashicorp/terraform-provider-aws website/docs/r/eks_addon, Import",
  },
  "aws:eks/cluster:Cluster": { id: "{name}", source: sdk(`${AWS}eks/cluster`) },
  "aws:eks/nodeGroup:NodeGroup": {
    id: "{clusterName}:{nodeGroupName}",
    part: "clusterName",
    source: sdk(`${AWS}eks/nodeGroup`),
  },
  "aws:iam/role:Role": { id: "{name}", source: sdk(`${AWS}iam/role`) },
  "aws:iam/rolePolicy:RolePolicy": { id: "{role}:{name}", part: "role", source: sdk(`${AWS}iam/rolePolicy`) },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
    id: "{role}/{policyArn}",
    part: "role",
    source: sdk(`${AWS}iam/rolePolicyAttachment`),
  },
  "aws:route53/record:Record": { id: "{zoneId}_{name}_{type}", part: "zoneId", source: sdk(`${AWS}route53/record`) },
  "aws:s3/bucket:Bucket": { id: "{bucket}", source: sdk(`${AWS}s3/bucket`) },
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": bucketPart("bucketLifecycleConfiguration"),
  "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": bucketPart("bucketObjectLockConfiguration"),
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": bucketPart("bucketOwnershipControls"),
  "aws:s3/bucketPolicy:BucketPolicy": bucketPart("bucketPolicy"),
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucketPart("bucketPublicAccessBlock"),
  "aws:s3/bucketReplicationConfig:BucketReplicationConfig": bucketPart("bucketReplicationConfig"),
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": bucketPart(
    "bucketServerSideEncryptionConfiguration",
  ),
  "aws:s3/bucketVersioning:BucketVersioning": bucketPart("bucketVersioning"),
  "aws:ssm/parameter:Parameter": { id: "{name}", source: sdk(`${AWS}ssm/parameter`) },
  "digitalocean:index/certificate:Certificate": { id: "{name}", source: sdk(`${DO}certificate`) },
  "digitalocean:index/domain:Domain": { id: "{name}", source: sdk(`${DO}domain`) },
  "digitalocean:index/reservedIpAssignment:ReservedIpAssignment": {
    id: "{ipAddress},{dropletId}",
    part: "ipAddress",
    source: sdk(`${DO}reservedIpAssignment`),
  },
  "digitalocean:index/spacesBucket:SpacesBucket": { id: "{region},{name}", source: sdk(`${DO}spacesBucket`) },
};

/** The id to ask under, or null when the provider makes it up. */
export function knownId({ type, inputs = {} }: StateResource): string | null {
  if (type.startsWith("kubernetes:")) return kubernetesId(type, inputs);
  const naming = NAMED[type];
  if (naming === undefined) return null;
  const id = filled(naming.id, inputs);
  const region = readable(inputs, "region");
  // "append @<region> to the import ID": @pulumi/aws, Enhanced Region Support. Without it another region's object of that name answers.
  return id !== null && type.startsWith("aws:") && typeof region === "string" ? `${id}@${region}` : id;
}

/** As the Kubernetes provider names objects: the namespace, where it has one, and the name. */
function kubernetesId(type: string, inputs: Properties): string | null {
  if (type.endsWith("Patch")) return null;
  const name = readable(inputs, "metadata", "name");
  const namespace = readable(inputs, "metadata", "namespace");
  if (typeof name !== "string") return null;
  return typeof namespace === "string" ? `${namespace}/${name}` : name;
}

function filled(template: string, inputs: Properties): string | null {
  let complete = true;
  const id = template.replace(/\{([^}]+)\}/g, (_all, names: string) => {
    const value = names
      .split("|")
      .map((n) => readable(inputs, n))
      .find((v) => v !== undefined && v !== "");
    if (typeof value === "string" || typeof value === "number") return String(value);
    complete = false;
    return "";
  });
  return complete ? id : null;
}

/** Exists in the state only: a creation that was cut off left nothing anywhere. */
export const isInStateOnly = (type: string): boolean => /^(random|pulumi):/.test(type);

const SEARCH: Readonly<Record<string, string>> = {
  "digitalocean:index/droplet:Droplet": "doctl compute droplet list --format ID,Name,Region,Tags,Created",
  "digitalocean:index/volume:Volume": "doctl compute volume list --format ID,Name,Region,Tags",
  "digitalocean:index/volumeAttachment:VolumeAttachment": "doctl compute volume list --format ID,Name,DropletIDs",
  "digitalocean:index/reservedIp:ReservedIp": "doctl compute reserved-ip list",
  "digitalocean:index/firewall:Firewall": "doctl compute firewall list --format ID,Name,Created",
  "digitalocean:index/sshKey:SshKey": "doctl compute ssh-key list",
  "digitalocean:index/vpc:Vpc": "doctl vpcs list",
  "digitalocean:index/kubernetesCluster:KubernetesCluster": "doctl kubernetes cluster list",
  "digitalocean:index/dnsRecord:DnsRecord": "doctl compute domain records list {domain}",
  "digitalocean:index/kubernetesNodePool:KubernetesNodePool": "doctl kubernetes cluster node-pool list {clusterId}",
  "aws:ec2/eipAssociation:EipAssociation":
    "aws ec2 describe-addresses --region {region} --allocation-ids {allocationId}",
  "aws:ssm/parameter:Parameter": "aws ssm get-parameter --region {region} --name {name}",
  "aws:route53/zone:Zone": "aws route53 list-hosted-zones-by-name --dns-name {name}",
};

/** How a person looks for an object, by its name where it has one and else by its tags. Empty where nobody knows. */
export function searchCommand({ type, inputs = {} }: StateResource): string {
  if (type.startsWith("kubernetes:")) return kubectlGet(type, inputs);
  const template = SEARCH[type];
  if (template !== undefined) return filled(template, inputs) ?? template;
  const tags = type.startsWith("aws:") ? Object.entries((readable(inputs, "tags") ?? {}) as Properties) : [];
  if (tags.length === 0) return "";
  const region = readable(inputs, "region");
  const filters = tags.map(([key, value]) => `'Key=${key},Values=${String(value)}'`);
  // Seen on an EC2 resource of every kind, on EKS and KMS.
  return [
    "aws resourcegroupstaggingapi get-resources",
    ...(typeof region === "string" ? [`--region ${region}`] : []),
    `--tag-filters ${filters.join(" ")}`,
  ].join(" ");
}

function kubectlGet(type: string, inputs: Properties): string {
  const [, groupVersion = "", kind = ""] = type.split(":");
  const group = groupVersion.split("/")[0]!;
  // Built-in groups without a dot, core and apps among them, go without.
  const resource = `${kind.toLowerCase()}${group.includes(".") ? `.${group}` : ""}`;
  const [name, namespace] = [readable(inputs, "metadata", "name"), readable(inputs, "metadata", "namespace")];
  if (typeof name !== "string") return "";
  return `kubectl ${typeof namespace === "string" ? `-n ${namespace} ` : ""}get ${resource} ${name} -o yaml`;
}

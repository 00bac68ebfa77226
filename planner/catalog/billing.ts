// Which resource types cost money, so that a graph can be checked against its plan: every billed type must be paid for by
// a cost line, and a type nobody has classified is a question, not free of charge.

/** Billed by the provider, by themselves or by what they hold or let in. */
const BILLED = new Set([
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:dlm/lifecyclePolicy:LifecyclePolicy",
  "aws:ebs/volume:Volume",
  "aws:ec2/eip:Eip",
  "aws:ec2/instance:Instance",
  "aws:ec2/natGateway:NatGateway",
  "aws:eks/cluster:Cluster",
  "aws:eks/nodeGroup:NodeGroup",
  "aws:kms/key:Key",
  "aws:lb/loadBalancer:LoadBalancer",
  "aws:route53/zone:Zone",
  "aws:s3/bucket:Bucket",
  "digitalocean:index/droplet:Droplet",
  "digitalocean:index/kubernetesCluster:KubernetesCluster",
  "digitalocean:index/kubernetesNodePool:KubernetesNodePool",
  "digitalocean:index/spacesBucket:SpacesBucket",
  "digitalocean:index/volume:Volume",
  "kubernetes:core/v1:PersistentVolumeClaim",
  // Monitoring's volumes.
  "kubernetes:helm.sh/v4:Chart",
  // With a domain: the gateway, and before it the edge's load balancer.
  "kubernetes:helm.sh/v3:Release",
]);

/** Free in themselves: configuration, identities, addresses while in use, objects inside a cluster. */
const FREE = [
  /^pulumi:/,
  /^random:/,
  /^aws:acm\/(certificate|certificateValidation):/, // public certificates
  /^aws:cloudwatch\/logResourcePolicy:/,
  /^aws:ec2\/(defaultSecurityGroup|flowLog|internetGateway|keyPair|networkInterface|launchTemplate|route|routeTable|routeTableAssociation|securityGroup|subnet|vpc):/,
  /^aws:vpc\/securityGroup(Ingress|Egress)Rule:/,
  /^aws:ec2\/(eipAssociation|volumeAttachment):/,
  /^aws:ec2\/vpcEndpoint:/, // gateway endpoints; interface endpoints have a line when they are asked for (tested)
  /^aws:eks\/(accessEntry|accessPolicyAssociation|addon|podIdentityAssociation):/,
  /^aws:iam\//,
  /^aws:kms\/alias:/,
  /^aws:lb\/(listener|targetGroup):/,
  /^aws:route53\/record:/,
  /^aws:s3\/bucket[A-Z]/,
  /^aws:ssm\/parameter:/, // standard tier
  /^digitalocean:index\/(certificate|dnsRecord|domain|firewall|project|reservedIp|reservedIpAssignment|sshKey|spacesBucketPolicy|tag|volumeAttachment|vpc):/,
  /^kubernetes:/, // objects of the API; what costs is listed as billed
];

export function billing(type: string): "billed" | "free" | "unknown" {
  if (BILLED.has(type)) return "billed";
  return FREE.some((pattern) => pattern.test(type)) ? "free" : "unknown";
}

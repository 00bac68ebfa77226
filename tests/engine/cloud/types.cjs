// What each type of object looks like once it exists: the id its cloud gives it, what may exist once only, the outputs the
// cloud adds. Stand-ins: shapes are the providers', values are made up.
const { createHash, randomBytes, randomUUID } = require("node:crypto");

const ACCOUNT = "111122223333";
const hex = (n) => randomBytes(n).toString("hex").slice(0, n);
const number = () => 400_000_000 + (randomBytes(4).readUInt32BE() % 100_000_000);
/** The same text gives the same address, so that a read after an update gives what the creation gave. */
const address = (seed) => {
  const [a, b] = createHash("sha256").update(seed).digest();
  return `198.51.${a}.${b}`;
};

const EC2_PREFIXES = {
  "ebs/volume": "vol",
  "ec2/eip": "eipalloc",
  "ec2/eipAssociation": "eipassoc",
  "ec2/defaultSecurityGroup": "sg",
  "ec2/flowLog": "fl",
  "ec2/instance": "i",
  "ec2/internetGateway": "igw",
  "ec2/launchTemplate": "lt",
  "ec2/natGateway": "nat",
  "ec2/networkInterface": "eni",
  "ec2/route": "r",
  "ec2/routeTable": "rtb",
  "ec2/routeTableAssociation": "rtbassoc",
  "ec2/securityGroup": "sg",
  "ec2/subnet": "subnet",
  "ec2/volumeAttachment": "vai",
  "ec2/vpc": "vpc",
  "ec2/vpcEndpoint": "vpce",
};

const awsModule = (type) => type.split(":")[1];

/** Ids that are names or made of names. */
const NAMED = {
  "aws:cloudwatch/logGroup:LogGroup": (i) => i.name,
  "aws:eks/addon:Addon": (i) => `${i.clusterName}:${i.addonName}`,
  "aws:eks/accessEntry:AccessEntry": (i) => `${i.clusterName}:${i.principalArn}`,
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": (i) => `${i.clusterName}#${i.principalArn}#${i.policyArn}`,
  "aws:eks/cluster:Cluster": (i) => i.name,
  "aws:eks/nodeGroup:NodeGroup": (i) => `${i.clusterName}:${i.nodeGroupName}`,
  "aws:iam/role:Role": (i) => i.name,
  "aws:iam/rolePolicy:RolePolicy": (i) => `${i.role}:${i.name}`,
  "aws:route53/record:Record": (i) => `${i.zoneId}_${i.name}_${i.type}`,
  "aws:s3/bucket:Bucket": (i) => i.bucket,
  "aws:ssm/parameter:Parameter": (i) => i.name,
  "digitalocean:index/domain:Domain": (i) => i.name,
};

/** A Helm release is named by its inputs, everything else in a cluster by its metadata. */
const nameInCluster = (type, inputs) => (type === "kubernetes:helm.sh/v3:Release" ? inputs : inputs.metadata);

function newId(type, inputs) {
  if (type.startsWith("kubernetes:")) {
    const { namespace, name } = nameInCluster(type, inputs);
    return namespace ? `${namespace}/${name}` : name;
  }
  if (NAMED[type]) return NAMED[type](inputs);
  const [pkg] = type.split(":");
  if (pkg === "aws") {
    const prefix = EC2_PREFIXES[awsModule(type)];
    return prefix ? `${prefix}-0${hex(16)}` : randomUUID();
  }
  if (/:(Droplet|SshKey|DnsRecord)$/.test(type)) return String(number());
  if (type === "digitalocean:index/reservedIp:ReservedIp") return address(randomUUID());
  return pkg === "random" ? "none" : randomUUID();
}

/** What exists once only in its scope, by the properties that name it. */
const UNIQUE = {
  "aws:cloudwatch/logGroup:LogGroup": ["region", "name"],
  "aws:eks/addon:Addon": ["region", "clusterName", "addonName"],
  "aws:eks/accessEntry:AccessEntry": ["region", "clusterName", "principalArn"],
  "aws:eks/cluster:Cluster": ["region", "name"],
  "aws:eks/nodeGroup:NodeGroup": ["region", "clusterName", "nodeGroupName"],
  "aws:iam/role:Role": ["name"],
  "aws:s3/bucket:Bucket": ["bucket"],
  "aws:ssm/parameter:Parameter": ["region", "name"],
  "digitalocean:index/certificate:Certificate": ["name"],
  "digitalocean:index/domain:Domain": ["name"],
  "digitalocean:index/firewall:Firewall": ["name"],
  "digitalocean:index/sshKey:SshKey": ["publicKey"],
  "digitalocean:index/volume:Volume": ["region", "name"],
};

/** Null for what a cloud names itself. */
function takenName(scope, type, inputs) {
  if (type.startsWith("kubernetes:")) {
    const { namespace = "", name } = nameInCluster(type, inputs);
    return `${scope} ${inputs.apiVersion ?? "helm"} ${inputs.kind ?? "Release"} ${namespace}/${name}`;
  }
  if (type === "aws:ssm/parameter:Parameter" && inputs.overwrite === true) return null;
  return UNIQUE[type] ? `${type} ${UNIQUE[type].map((p) => inputs[p]).join(" ")}` : null;
}

/** Where a provider makes up a name when none is given. */
const AUTONAMED = {
  "aws:cloudwatch/logGroup:LogGroup": "name",
  "aws:ec2/launchTemplate:LaunchTemplate": "name",
  "aws:ec2/securityGroup:SecurityGroup": "name",
  "aws:eks/nodeGroup:NodeGroup": "nodeGroupName",
  "aws:iam/role:Role": "name",
  "aws:iam/rolePolicy:RolePolicy": "name",
  "aws:s3/bucket:Bucket": "bucket",
};

/** As the bridge and the Kubernetes provider do: kept while the object lives, new for a new one. */
function withName(type, logicalName, inputs, before) {
  if (type.startsWith("kubernetes:")) {
    if (inputs.metadata?.name) return inputs;
    const name = before?.metadata?.name ?? `${logicalName}-${hex(8)}`;
    return { ...inputs, metadata: { ...inputs.metadata, name } };
  }
  const property = AUTONAMED[type];
  if (!property || inputs[property] !== undefined) return inputs;
  const stem = inputs.nodeGroupNamePrefix ?? `${logicalName}-`;
  return { ...inputs, [property]: before?.[property] ?? `${stem}${hex(7)}` };
}

const arnOf = (type, inputs, id) => {
  const service = awsModule(type).split("/")[0];
  const kind = awsModule(type).split("/")[1];
  const global = ["iam", "s3", "route53"].includes(service);
  const where = global ? "" : (inputs.region ?? "us-east-1");
  if (service === "s3") return `arn:aws:s3:::${id}`;
  return `arn:aws:${service}:${where}:${global && service !== "iam" ? "" : ACCOUNT}:${kind}/${id}`;
};

const kubeconfigOf = (id) =>
  `apiVersion: v1\nkind: Config\ncurrent-context: ${id}\nclusters:\n- name: ${id}\n  cluster:\n    server: https://${id}.k8s.ondigitalocean.com\nusers:\n- name: ${id}\n  user: { token: token-of-${id} }\n`;

/** Outputs beside the inputs. */
const COMPUTED = {
  "aws:acm/certificate:Certificate": (i) => ({
    status: "ISSUED",
    domainValidationOptions: [
      {
        domainName: i.domainName,
        resourceRecordName: `_proof.${i.domainName}.`,
        resourceRecordType: "CNAME",
        resourceRecordValue: "_proof.acm-validations.aws.",
      },
    ],
  }),
  "aws:ec2/eip:Eip": (_i, id) => ({ allocationId: id, publicIp: address(id) }),
  "aws:ec2/instance:Instance": (_i, id) => ({
    instanceState: "running",
    privateIp: "10.0.0.10",
    publicIp: address(id),
    primaryNetworkInterfaceId: `eni-of-${id}`,
  }),
  "aws:ec2/launchTemplate:LaunchTemplate": () => ({ latestVersion: 1, defaultVersion: 1 }),
  "aws:ec2/natGateway:NatGateway": (_i, id) => ({ publicIp: address(id), privateIp: "10.0.0.20" }),
  "aws:ec2/vpc:Vpc": (i, id) => ({
    defaultRouteTableId: `rtb-of-${id}`,
    defaultSecurityGroupId: `sg-of-${id}`,
    mainRouteTableId: `rtb-of-${id}`,
    ownerId: ACCOUNT,
    cidrBlock: i.cidrBlock,
  }),
  "aws:eks/cluster:Cluster": (i, id) => ({
    endpoint: `https://${id}.eks.${i.region ?? "us-east-1"}.amazonaws.com`,
    certificateAuthority: { data: "c3RhbmQtaW4=" },
    certificateAuthorities: [{ data: "c3RhbmQtaW4=" }],
    identities: [{ oidcs: [{ issuer: `https://oidc.eks.${i.region ?? "us-east-1"}.amazonaws.com/id/${id}` }] }],
    platformVersion: "eks.1",
    status: "ACTIVE",
    vpcConfig: { ...i.vpcConfig, clusterSecurityGroupId: `sg-of-${id}`, vpcId: `vpc-of-${id}` },
  }),
  "aws:eks/nodeGroup:NodeGroup": (_i, id) => ({
    status: "ACTIVE",
    resources: [{ autoscalingGroups: [{ name: `asg-${id}` }] }],
  }),
  "aws:kms/key:Key": (_i, id) => ({ keyId: id }),
  "aws:lb/loadBalancer:LoadBalancer": (i, id) => ({ dnsName: `${id}.elb.${i.region ?? "us-east-1"}.amazonaws.com` }),
  "aws:route53/record:Record": (i) => ({ fqdn: i.name }),
  "aws:route53/zone:Zone": (_i, id) => ({
    zoneId: id,
    nameServers: ["ns-1.awsdns.com", "ns-2.awsdns.net", "ns-3.awsdns.org", "ns-4.awsdns.co.uk"],
    primaryNameServer: "ns-1.awsdns.com",
  }),
  "aws:s3/bucket:Bucket": (_i, id) => ({ bucketDomainName: `${id}.s3.amazonaws.com` }),
  "aws:ssm/parameter:Parameter": () => ({ version: 1 }),
  "digitalocean:index/certificate:Certificate": (_i, id) => ({ uuid: id, state: "verified" }),
  "digitalocean:index/dnsRecord:DnsRecord": (i) => ({ fqdn: i.name === "@" ? i.domain : `${i.name}.${i.domain}` }),
  "digitalocean:index/droplet:Droplet": (_i, id) => ({
    dropletUrn: `do:droplet:${id}`,
    ipv4Address: address(id),
    ipv4AddressPrivate: "10.10.0.2",
    status: "active",
  }),
  "digitalocean:index/kubernetesCluster:KubernetesCluster": (i, id) => ({
    clusterUrn: `do:kubernetes:${id}`,
    endpoint: `https://${id}.k8s.ondigitalocean.com`,
    kubeConfigs: [{ rawConfig: kubeconfigOf(id), host: `https://${id}.k8s.ondigitalocean.com` }],
    status: "running",
    nodePool: { ...i.nodePool, id: `pool-of-${id}` },
  }),
  "digitalocean:index/kubernetesNodePool:KubernetesNodePool": (i) => ({ actualNodeCount: i.nodeCount }),
  "digitalocean:index/reservedIp:ReservedIp": (_i, id) => ({ ipAddress: id, reservedIpUrn: `do:reservedip:${id}` }),
  "digitalocean:index/sshKey:SshKey": (_i, id) => ({ fingerprint: `fingerprint-${id}` }),
  "digitalocean:index/volume:Volume": (_i, id) => ({ volumeUrn: `do:volume:${id}`, dropletIds: [] }),
  "digitalocean:index/vpc:Vpc": (_i, id) => ({ vpcUrn: `do:vpc:${id}`, default: false }),
  "random:index/randomPassword:RandomPassword": (i) => ({
    result: randomBytes(i.length).toString("base64").slice(0, i.length),
    bcryptHash: "made-up",
  }),
  "kubernetes:core/v1:Service": (i) =>
    i.spec?.type === "LoadBalancer"
      ? { status: { loadBalancer: { ingress: [{ hostname: `${i.metadata.name}.elb.amazonaws.com` }] } } }
      : { status: { loadBalancer: {} } },
};

function computed(type, inputs, id) {
  const own = COMPUTED[type]?.(inputs, id) ?? {};
  if (!type.startsWith("aws:")) return own;
  return { arn: arnOf(type, inputs, id), ...(inputs.tags ? { tagsAll: inputs.tags } : {}), ...own };
}

/** Functions that ask a provider. */
const LOOKUPS = {
  "aws:index/getCallerIdentity:getCallerIdentity": () => ({
    accountId: ACCOUNT,
    arn: `arn:aws:iam::${ACCOUNT}:user/stand-in`,
    userId: "STANDIN",
    id: ACCOUNT,
  }),
  "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": (a) => {
    const values = (name) => a.filters.find((f) => f.name === name).values;
    const pairs = values("instance-type").flatMap((type) => values("location").map((zone) => [type, zone]));
    return { id: "offerings", instanceTypes: pairs.map(([type]) => type), locations: pairs.map(([, zone]) => zone) };
  },
  "aws:ec2/getVpc:getVpc": (a) => ({ id: a.id, cidrBlock: "10.0.0.0/16", arn: `arn:aws:ec2:::vpc/${a.id}` }),
  "digitalocean:index/getKubernetesVersions:getKubernetesVersions": (a) => ({
    id: "versions",
    latestVersion: `${a.versionPrefix ?? "1.34."}1-do.0`,
    validVersions: [`${a.versionPrefix ?? "1.34."}1-do.0`],
  }),
  "digitalocean:index/getLoadBalancer:getLoadBalancer": (a) => ({ id: "balancer", name: a.name, ip: "198.51.100.9" }),
};

function lookup(token, args) {
  if (!LOOKUPS[token])
    throw new Error(`the stand-in has no answer to ${token}; add one to tests/engine/cloud/types.cjs`);
  return LOOKUPS[token](args);
}

module.exports = { computed, lookup, newId, takenName, withName };

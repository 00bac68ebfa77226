// Plain resources for rules: the compliant form of each kind, and a way to change one value of it.
import type { PolicyResource } from "../../policies/rules";

export function resource(
  type: string,
  name: string,
  props: Record<string, unknown>,
  more: Partial<PolicyResource> = {},
): PolicyResource {
  const urn = `urn:pulumi:prod::roadstead::${type}::${name}`;
  return { urn, type, name, props, options: {}, parent: null, dependsOn: [], ...more };
}

/** A copy with one value replaced, by dotted path; `undefined` removes it. */
export function changed(r: PolicyResource, path: string, value: unknown): PolicyResource {
  const copy = (at: unknown, steps: string[]): unknown => {
    const [step, ...rest] = steps;
    if (step === undefined) return value;
    if (Array.isArray(at)) return at.map((inner, i) => (String(i) === step ? copy(inner, rest) : inner));
    return { ...(at as object), [step]: copy((at as Record<string, unknown> | undefined)?.[step], rest) };
  };
  return { ...r, props: copy(r.props, path.split(".")) as Record<string, unknown> };
}

const TENANT = "t-0123456789";
const labels = (more: Record<string, string> = {}) => ({
  "app.kubernetes.io/managed-by": "roadstead",
  "roadstead.dev/tenant": TENANT,
  ...more,
});
const ship = { "roadstead.dev/ship": "zod" };

export const lease = resource(
  "kubernetes:coordination.k8s.io/v1:Lease",
  "zod-claim",
  {
    metadata: { name: "zod", namespace: "roadstead-registry", labels: labels(ship) },
    spec: { holderIdentity: `prod/${TENANT}` },
  },
  { options: { protect: true } },
);

export const pier = resource(
  "kubernetes:core/v1:PersistentVolumeClaim",
  "zod-pier",
  {
    metadata: { name: "pier-zod", namespace: TENANT, labels: labels(ship) },
    spec: { accessModes: ["ReadWriteOncePod"] },
  },
  { options: { protect: true } },
);

export const workload = resource(
  "kubernetes:apps/v1:StatefulSet",
  "zod-run",
  {
    metadata: { name: "zod", namespace: TENANT, labels: labels(ship) },
    spec: {
      replicas: 1,
      updateStrategy: { type: "OnDelete" },
      template: {
        spec: {
          automountServiceAccountToken: false,
          securityContext: { runAsNonRoot: true, runAsUser: 10000, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name: "ship",
              image: `tloncorp/vere@sha256:${"a".repeat(64)}`,
              env: [{ name: "HOME", value: "/tmp" }],
              ports: [{ containerPort: 8080 }],
              readinessProbe: { exec: { command: ["/bin/sh", "/roadstead/probe.sh", "ready"] } },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
          volumes: [{ name: "tmp", emptyDir: {} }],
        },
      },
    },
  },
  { dependsOn: [lease.urn] },
);

export const namespace = resource("kubernetes:core/v1:Namespace", "acme-namespace", {
  metadata: {
    name: TENANT,
    labels: labels({
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/enforce-version": "v1.34",
    }),
  },
});

const inTenant = (name: string) => ({ name, namespace: TENANT, labels: labels() });
export const deny = resource("kubernetes:networking.k8s.io/v1:NetworkPolicy", "deny", {
  metadata: inTenant("default-deny"),
  spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] },
});
export const egress = resource("kubernetes:networking.k8s.io/v1:NetworkPolicy", "internet", {
  metadata: inTenant("allow-internet"),
  spec: {
    podSelector: {},
    policyTypes: ["Egress"],
    egress: [
      {
        to: [
          {
            ipBlock: {
              cidr: "0.0.0.0/0",
              except: ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
            },
          },
        ],
      },
    ],
  },
});
export const quota = resource("kubernetes:core/v1:ResourceQuota", "quota", {
  metadata: inTenant("roadstead"),
  spec: {
    hard: {
      pods: "10",
      "requests.memory": "20Gi",
      "requests.storage": "200Gi",
      "services.loadbalancers": "0",
      "services.nodeports": "0",
    },
  },
});
export const limits = resource("kubernetes:core/v1:LimitRange", "limits", { metadata: inTenant("roadstead") });
export const reader = resource("kubernetes:rbac.authorization.k8s.io/v1:Role", "reader", {
  metadata: inTenant("customer-read"),
  rules: [{ apiGroups: [""], resources: ["pods", "pods/log"], verbs: ["get", "list", "watch"] }],
});
export const claimRole = resource("kubernetes:rbac.authorization.k8s.io/v1:Role", "claim-role", {
  metadata: { name: "claim", namespace: "roadstead-registry", labels: labels() },
  rules: [{ resources: ["leases"], resourceNames: ["zod"], verbs: ["get", "patch"] }],
});
export const binding = resource("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "binding", {
  metadata: inTenant("customer-read"),
  roleRef: { name: "customer-read" },
  subjects: [{ kind: "Group", name: `roadstead:${TENANT}:read` }],
});
export const service = resource("kubernetes:core/v1:Service", "zod-web", {
  metadata: inTenant("zod"),
  spec: { type: "ClusterIP", ports: [{ port: 8080, targetPort: 8080 }] },
});

export const environment = resource("roadstead:index:Environment", "prod", {
  architectureDigest: `sha256:${"a".repeat(64)}`,
  cost: { mid: 400, budget: 500, incomplete: false, currency: "USD" },
});
export const droplet = resource("digitalocean:index/droplet:Droplet", "host", {
  userData: "#cloud-config\nssh_pwauth: false\n",
});
export const firewall = resource(
  "digitalocean:index/firewall:Firewall",
  "firewall",
  {
    inboundRules: [
      { protocol: "tcp", portRange: "22", sourceAddresses: ["203.0.113.7/32"] },
      { protocol: "tcp", portRange: "443", sourceAddresses: ["0.0.0.0/0", "::/0"] },
    ],
  },
  { dependsOn: [droplet.urn] },
);
export const group = resource("aws:ec2/securityGroup:SecurityGroup", "group", {
  ingress: [
    { protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["203.0.113.7/32"] },
    { protocol: "udp", fromPort: 0, toPort: 65535, cidrBlocks: ["0.0.0.0/0"] },
  ],
});
export const cluster = resource("aws:eks/cluster:Cluster", "cluster", {
  version: "1.34",
  enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
  encryptionConfig: { resources: ["secrets"], provider: { keyArn: "arn:aws:kms:us-west-2:111122223333:key/1" } },
  vpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ["203.0.113.0/24"] },
});
export const template = resource("aws:ec2/launchTemplate:LaunchTemplate", "nodes", {
  userData: Buffer.from("#!/bin/sh\nsysctl vm.max_map_count=1048576\n").toString("base64"),
  metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
  blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { encrypted: "true" } }],
});
export const volume = resource(
  "aws:ebs/volume:Volume",
  "pier",
  { encrypted: true, snapshotId: "" },
  { options: { protect: true } },
);
export const key = resource("aws:kms/key:Key", "key", { enableKeyRotation: true });
export const logs = resource("aws:cloudwatch/logGroup:LogGroup", "logs", { retentionInDays: 90 });

export const bucket = resource("aws:s3/bucket:Bucket", "backups", {});
const ofBucket = { dependsOn: [bucket.urn] };
export const versioning = resource(
  "aws:s3/bucketVersioning:BucketVersioning",
  "versioning",
  { versioningConfiguration: { status: "Enabled" } },
  ofBucket,
);
export const encryption = resource(
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
  "encryption",
  { rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms" } }] },
  ofBucket,
);
export const block = resource(
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  "block",
  { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
  ofBucket,
);
export const policy = resource(
  "aws:s3/bucketPolicy:BucketPolicy",
  "policy",
  {
    policy: JSON.stringify({
      Statement: [{ Effect: "Deny", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } }],
    }),
  },
  ofBucket,
);
export const space = resource("digitalocean:index/spacesBucket:SpacesBucket", "space", {
  acl: "private",
  versioning: { enabled: true },
});

// The architecture: the recorded decision that `pulumi up` applies and never makes again.
// One stack file holds one of these under `roadstead:architecture`; it carries its own cell only.
import { z } from "zod";
import {
  AMES_INBOUND,
  ARCHITECTURES,
  COMPLIANCE,
  ENVIRONMENTS,
  MODES,
  SHIP_CLASSES,
  versionsSchema,
} from "../requirements/schema";
import { BACKUP_RHYTHMS } from "../backups";
import { DEVICE, DOMAIN, HOST_ADDRESS, HOST_NAME, LOOM, SHIP_ID } from "../host-fields";
import { clusterFactsSchema } from "../requirements/cluster-facts";
import { PROVIDERS } from "../plan/schema";
import { VOLUME_KEYS } from "../volume-key";

export const ARCHITECTURE_SCHEMA = "roadstead/architecture/1";

/** What the EKS add-on kube-proxy can be set to. */
export const KUBE_PROXY_MODES = ["iptables", "ipvs", "nftables"] as const;
export type KubeProxyMode = (typeof KUBE_PROXY_MODES)[number];

/** One ship as the lock records it. Assigned once: re-planning never changes cell, zone, host or port. */
export const lockedShipSchema = z.strictObject({
  /** Object name and logical name: the @p without its sig, hashed above 52 characters; a comet's nickname; `unnamed-0001` for a ship without a name yet. */
  id: z.string().regex(SHIP_ID),
  /** The @p, or null for a ship planned by count and a comet not mined yet. */
  name: z.string().nullable(),
  class: z.enum(SHIP_CLASSES),
  /** A moon's parent, which must run before it. */
  parent: z.string().nullable(),
  customer: z.string(),
  /** The tenant (namespace) the ship lives in, by the tenant's id. */
  tenant: z.string(),
  cell: z.string(),
  /** Availability zone of its volume on a cluster; null on hosts and where the provider has no zones. */
  zone: z.string().nullable(),
  /** The host it lives on; null on a cluster. */
  host: z.string().nullable(),
  memoryMiB: z.number().int().positive(),
  /** max(request, loom + headroom). */
  limitMiB: z.number().int().positive(),
  cpuMilli: z.number().int().positive(),
  diskGiB: z.number().int().positive(),
  loom: z.number().int().min(LOOM.least).max(LOOM.most),
  ames: z.strictObject({ inbound: z.enum([...AMES_INBOUND, "direct"]), port: z.number().int().min(1024).max(65535) }),
  httpPort: z.number().int().min(1024).max(65535),
  /** Name of the Pulumi config secret that holds the boot key; null when none was given or the ship is sealed. */
  key: z.strictObject({ secret: z.string() }).nullable(),
  /** Booted for good: the key is used up and its Secret no longer declared. */
  sealed: z.boolean(),
  /** Its pier existed before Roadstead. */
  imported: z.boolean(),
  /** What was attested when its pier was brought in. Absent: nothing, and `up` refuses it unless it is sealed. */
  attestation: z
    .strictObject({
      sourceStoppedForGood: z.literal(true),
      /** Event of the clean stop at its source: an older pier is never run. */
      atEvent: z.number().int().min(1).optional(),
      by: z.string().optional(),
    })
    .optional(),
  fake: z.boolean(),
});
export type LockedShip = z.infer<typeof lockedShipSchema>;

/** A ship that left the fleet: its volume is kept and its name blocked until a clean stop is recorded. */
export const tombstoneSchema = z.strictObject({
  id: z.string(),
  name: z.string().nullable(),
  cell: z.string(),
  zone: z.string().nullable(),
  host: z.string().nullable(),
  tenant: z.string(),
  diskGiB: z.number().int(),
  /** Event number of the recorded clean stop; null while none is recorded. */
  cleanStopEvent: z.number().int().nullable(),
  /** What was known of its claim when it left: `unknown` may be lifted by attesting that nothing was ever deployed. Absent counts as claimed. */
  claim: z.enum(["claimed", "unknown"]).optional(),
  /** Its loom, which a ship that comes back never undercuts. Absent: not recorded. */
  loom: z.number().int().min(LOOM.least).max(LOOM.most).optional(),
  /** A fake ship's pier never becomes a real one, nor the other way round. Absent: a real ship's. */
  fake: z.boolean().optional(),
});
export type Tombstone = z.infer<typeof tombstoneSchema>;

export const lockedHostSchema = z.strictObject({
  name: z.string().regex(HOST_NAME),
  kind: z.enum(["vps", "groundseg", "bare-metal"]),
  provider: z.enum(PROVIDERS),
  region: z.string(),
  /** Availability zone on AWS; null elsewhere. */
  zone: z.string().nullable(),
  /** Provider's size: a droplet slug or EC2 type; `own` on own hosts. */
  size: z.string(),
  arch: z.enum(ARCHITECTURES),
  vcpu: z.number().nullable(),
  memoryGiB: z.number(),
  /** Root disk included or attached, GiB. */
  rootDiskGiB: z.number(),
  /** Separate encrypted block volume for piers, GiB; null on own hosts. */
  volumeGiB: z.number().int().nullable(),
  swapGiB: z.number().int(),
  /** Provider backups of the root disk. They exclude attached volumes. */
  providerBackups: z.enum(["none", "weekly", "daily"]),
  cell: z.string(),
  /** Who keeps the key of its encrypted pier volume. Absent: basic, or nobody on AWS, where KMS does. */
  volumeKey: z.enum(VOLUME_KEYS).optional(),
  /** Servers that help to open it, with `tang`. */
  tang: z.array(z.strictObject({ url: z.string(), thumbprint: z.string() })).optional(),
  /** The region that holds its ships' claims. Absent: its own. */
  claimRegion: z.string().optional(),
  /** Own hosts: the disk for piers, by its stable path. Absent: the root disk. */
  dataDevice: z.string().regex(DEVICE).optional(),
  /** Own hosts: where administrators reach it. Absent: its name. */
  address: z.string().regex(HOST_ADDRESS).optional(),
  /** Own hosts: what fails together with it. Absent: the host alone. */
  failureDomain: z.string().optional(),
});
export type LockedHost = z.infer<typeof lockedHostSchema>;

export const nodePoolSchema = z.strictObject({
  /** Logical name, fixed by role, zone and type, never by an index. */
  name: z.string(),
  role: z.enum(["ships", "system"]),
  type: z.string(),
  arch: z.enum(ARCHITECTURES),
  /** Null where the provider has no zones. */
  zone: z.string().nullable(),
  count: z.number().int().min(0),
  /** Ships one node holds, by the planner's formula. */
  shipsPerNode: z.number().int(),
  maxPods: z.number().int().nullable(),
});
export type LockedNodePool = z.infer<typeof nodePoolSchema>;

export const tenantSchema = z.strictObject({
  /** Opaque: DNS shows namespace names to every pod. */
  id: z.string().regex(/^t-[0-9a-f]{10}$/),
  customer: z.string(),
  /** The stack that makes this tenant's namespace when it is not this one: a customer with ships in several cells has one namespace, made by one stack. Absent: this stack makes it. */
  madeBy: z.string().optional(),
  /** Runtime class its ships run in; the cluster has it. Absent: the cluster's own. */
  runtimeClass: z.string().optional(),
  quota: z.strictObject({
    ships: z.number().int(),
    memoryMiB: z.number().int(),
    cpuMilli: z.number().int(),
    storageGiB: z.number().int(),
  }),
});
export type LockedTenant = z.infer<typeof tenantSchema>;

export const cellSchema = z.strictObject({
  id: z.string().regex(/^c[1-9][0-9]*$/),
  stack: z.string(),
  pilot: z.boolean(),
  ships: z.number().int(),
  /** Larger cells are created with ships stopped and released one by one by the rollout. */
  parked: z.boolean(),
});
export type LockedCell = z.infer<typeof cellSchema>;

export const architectureSchema = z.strictObject({
  schema: z.literal(ARCHITECTURE_SCHEMA),
  environment: z.enum(ENVIRONMENTS),
  /** This stack's name. */
  stack: z.string(),
  /** `platform`: builds the platform and its first cell. `cell`: a further cell that reads the platform's outputs. */
  role: z.enum(["platform", "cell"]),
  platformStack: z.string(),
  mode: z.enum(MODES),
  provider: z.enum(PROVIDERS),
  region: z.string(),
  zones: z.array(z.string()),
  drRegion: z.string().nullable(),
  decision: z.strictObject({
    candidate: z.string(),
    priority: z.string(),
    why: z.array(z.string()),
    /** Why another candidate than the planner's was taken; null when it was the planner's. */
    override: z.string().nullable(),
  }),
  cost: z.strictObject({
    low: z.number().nullable(),
    mid: z.number().nullable(),
    high: z.number().nullable(),
    currency: z.string(),
    incomplete: z.boolean(),
    /** The user's budget a month; null when none was given. */
    budget: z.number().nullable(),
    pricedOn: z.string(),
  }),
  service: z.strictObject({
    sla: z.number(),
    rpoHours: z.number().nullable(),
    rtoHours: z.number().nullable(),
    compliance: z.array(z.enum(COMPLIANCE)),
    residency: z.string(),
  }),
  network: z
    .strictObject({
      cidr: z.string(),
      nat: z.enum(["per-zone", "single", "none"]),
      vpcId: z.string().nullable(),
      privateSubnetIds: z.array(z.string()),
      publicSubnetIds: z.array(z.string()),
      flowLogs: z.boolean(),
      /** ECR and STS through paid endpoints in each zone. Absent: through NAT. */
      interfaceEndpoints: z.boolean().optional(),
    })
    .nullable(),
  cluster: z
    .strictObject({
      /** Config secret with the kubeconfig of an existing cluster; null when Roadstead builds one. */
      kubeconfigSecret: z.string().nullable(),
      storageClass: z.string(),
      highAvailability: z.boolean(),
      logRetentionDays: z.number().int(),
      adminArns: z.array(z.string()),
      /** How services are routed on EKS nodes. Absent: iptables, AWS's default. */
      kubeProxyMode: z.enum(KUBE_PROXY_MODES).optional(),
      /** Attachment slots of an EKS node that piers may not take. Absent: 2. */
      reservedVolumeAttachments: z.number().int().min(1).optional(),
      /** What was known of an existing cluster when it was chosen. Absent: nothing was asked for then. */
      existing: clusterFactsSchema.optional(),
      /** Load balancers for Ames, one a cell with ships behind one: the public subnets they check ships from. Absent: none. */
      amesLoadBalancers: z.strictObject({ publicCidrs: z.array(z.string()) }).optional(),
    })
    .nullable(),
  nodePools: z.array(nodePoolSchema),
  hosts: z.array(lockedHostSchema),
  /** Every cell of the environment, on the platform stack; its own one on a cell stack. */
  cells: z.array(cellSchema),
  cell: z.string(),
  tenants: z.array(tenantSchema),
  ships: z.array(lockedShipSchema),
  tombstones: z.array(tombstoneSchema),
  image: z.strictObject({
    repository: z.string(),
    digest: z.string().nullable(),
    architectures: z.array(z.enum(ARCHITECTURES)),
  }),
  access: z.strictObject({ sshPublicKeys: z.array(z.string()), adminCidrs: z.array(z.string()) }),
  dns: z.strictObject({ domain: z.string().regex(DOMAIN).nullable(), zoneId: z.string().nullable() }),
  monitoring: z.strictObject({
    enabled: z.boolean(),
    existing: z.string().nullable(),
    retentionDays: z.number().int(),
    storageGiB: z.number().int(),
    pagerDutySecret: z.string().nullable(),
    slackSecret: z.string().nullable(),
  }),
  isolation: z.strictObject({
    podSecurity: z.enum(["restricted", "baseline"]),
    networkPolicies: z.boolean(),
    admissionPolicies: z.boolean(),
  }),
  backup: z.strictObject({
    enabled: z.boolean(),
    everyHours: z.number().int(),
    retentionDays: z.number().int(),
    objectLock: z.boolean(),
    drRegion: z.string().nullable(),
    /** Encrypted copies of piers that hosts send to a bucket of the user's. Absent: none. */
    offHost: z
      .strictObject({
        bucket: z.string(),
        endpoint: z.string().optional(),
        region: z.string().optional(),
        prefix: z.string().optional(),
        recipients: z.array(z.string()).min(1),
        /** Name of the Pulumi config secret with the bucket's credentials. */
        credentials: z.strictObject({ secret: z.string() }),
        every: z.enum(BACKUP_RHYTHMS),
      })
      .optional(),
  }),
  /** GroundSeg hosts: the config secret with the password of GroundSeg's page. Absent: it is given by hand. */
  groundseg: z.strictObject({ password: z.strictObject({ secret: z.string() }) }).optional(),
  release: z.strictObject({
    maxConcurrent: z.number().int(),
    failureTolerance: z.number().int(),
    soakMinutes: z.number().int(),
    terminationGraceSeconds: z.number().int(),
    startupBudgetSeconds: z.number().int(),
  }),
  versions: versionsSchema,
});
export type Architecture = z.infer<typeof architectureSchema>;

// Small recorded architectures, written by hand, so that these tests say what a lock is and not what the planner does.
import { architectureSchema, type Architecture, type LockedShip } from "../../planner/architecture/schema";

const FULL_VERSIONS: Architecture["versions"] = {
  kubernetes: "1.34",
  vere: { version: "4.0", sha256: { x86_64: "a".repeat(64), arm64: "b".repeat(64) } },
  groundseg: { version: "2.0.0", sha256: { x86_64: "c".repeat(64), arm64: "d".repeat(64) } },
  hostImage: { digitalocean: "debian-12-x64", aws: "ami-0123456789abcdef0" },
  addons: {
    vpcCni: "v1.0.0-eksbuild.1",
    kubeProxy: "v1.0.0-eksbuild.1",
    coredns: "v1.0.0-eksbuild.1",
    ebsCsi: "v1.0.0-eksbuild.1",
    podIdentityAgent: "v1.0.0-eksbuild.1",
    snapshotController: "v1.0.0-eksbuild.1",
    metricsServer: "v1.0.0-eksbuild.1",
  },
  charts: {
    kubePrometheusStack: { version: "1.0.0" },
    blackboxExporter: { version: "1.0.0" },
    loki: { version: "1.0.0" },
    alloy: { version: "1.0.0" },
    envoyGateway: { version: "1.0.0" },
    awsLoadBalancerController: { version: "1.0.0" },
  },
  images: {
    kubectl: {
      repository: "registry.example.com/kubectl-with-a-shell",
      digest: `sha256:${"e".repeat(64)}`,
      architectures: ["x86_64", "arm64"],
    },
  },
};

// Planets whose names are valid, so that predicates that look at them have something real.
const NAMES = [
  "~sampel-palnet",
  "~wicdev-wisryt",
  "~ravmel-ropdyl",
  "~hastuc-dibtux",
  "~dister-dozzod",
  "~palfun-foslup",
];

export interface FixtureOptions {
  cells?: number;
  shipsPerCell?: number;
  versions?: Architecture["versions"];
  domain?: string | null;
  /** Ships without names, as a plan by count records them. */
  unnamed?: boolean;
  /** Ships behind a load balancer for Ames. */
  balanced?: boolean;
}

/** One lock a stack: the platform with its first cell, then each further cell. */
export function clusterArchitectures(options: FixtureOptions = {}): Architecture[] {
  const { cells, shipsPerCell } = sizes(options);
  return locks(options, (cell, i) => ({
    mode: "eks",
    provider: "aws",
    region: "us-west-2",
    zones: ["us-west-2a", "us-west-2b"],
    network: {
      cidr: "10.0.0.0/16",
      nat: "single",
      vpcId: null,
      privateSubnetIds: [],
      publicSubnetIds: [],
      flowLogs: true,
    },
    cluster: {
      kubeconfigSecret: null,
      storageClass: "roadstead-gp3",
      highAvailability: true,
      logRetentionDays: 90,
      adminArns: ["arn:aws:iam::111122223333:role/platform"],
      ...(options.balanced ? { amesLoadBalancers: { publicCidrs: ["10.0.128.0/24", "10.0.129.0/24"] } } : {}),
    },
    nodePools: ["us-west-2a", "us-west-2b"].flatMap((zone) => [
      {
        name: `ships-${zone}-r6i-xlarge`,
        role: "ships" as const,
        type: "r6i.xlarge",
        arch: "x86_64" as const,
        zone,
        count: cells * shipsPerCell,
        shipsPerNode: 6,
        maxPods: null,
      },
      {
        name: `system-${zone}-m6i-large`,
        role: "system" as const,
        type: "m6i.large",
        arch: "x86_64" as const,
        zone,
        count: 1,
        shipsPerNode: 0,
        maxPods: null,
      },
    ]),
    monitoring: {
      enabled: true,
      existing: null,
      retentionDays: 7,
      storageGiB: 50,
      pagerDutySecret: null,
      slackSecret: null,
    },
    isolation: { podSecurity: "restricted", networkPolicies: true, admissionPolicies: true },
    backup: { enabled: true, everyHours: 24, retentionDays: 90, objectLock: false, drRegion: null },
    tenants: [tenant(cell, i, shipsPerCell)],
    ships: ships(options, cell, i, shipsPerCell).map((s, n) => ({
      ...s,
      zone: n % 2 ? "us-west-2b" : "us-west-2a",
      host: null,
    })),
  }));
}

/** Hosts with one ship each at DigitalOcean. */
export function hostArchitectures(options: FixtureOptions = {}): Architecture[] {
  const { shipsPerCell } = sizes(options);
  return locks(options, (cell, i) => {
    const aboard = ships(options, cell, i, shipsPerCell).map((s) => ({
      ...s,
      host: s.id,
      ames: { inbound: "direct" as const, port: 34543 },
    }));
    return {
      mode: "multi-vps",
      provider: "digitalocean",
      region: "nyc3",
      zones: [],
      hosts: aboard.map((s) => ({
        name: s.id,
        kind: "vps" as const,
        provider: "digitalocean" as const,
        region: "nyc3",
        zone: null,
        size: "s-2vcpu-4gb",
        arch: "x86_64" as const,
        vcpu: 2,
        memoryGiB: 4,
        rootDiskGiB: 80,
        volumeGiB: 20,
        swapGiB: 2,
        providerBackups: "none" as const,
        cell,
      })),
      tenants: [tenant(cell, i, shipsPerCell)],
      ships: aboard,
    };
  });
}

const sizes = (o: FixtureOptions) => ({ cells: o.cells ?? 1, shipsPerCell: o.shipsPerCell ?? 2 });
const tenantId = (cell: number): string => `t-${(cell + 1).toString(16).padStart(10, "0")}`;

function tenant(_cell: string, i: number, count: number): Architecture["tenants"][number] {
  return {
    id: tenantId(i),
    customer: `customer-${i + 1}`,
    quota: { ships: count, memoryMiB: 4096 * count, cpuMilli: 250 * count, storageGiB: 20 * count },
  };
}

function ships(options: FixtureOptions, cell: string, cellIndex: number, count: number): LockedShip[] {
  return Array.from({ length: count }, (_, n) => {
    const at = cellIndex * count + n;
    const name = options.unnamed ? undefined : NAMES[at];
    return {
      id: name ? name.slice(1) : `unnamed-${String(at + 1).padStart(4, "0")}`,
      name: name ?? null,
      class: "planet" as const,
      parent: null,
      customer: `customer-${cellIndex + 1}`,
      tenant: tenantId(cellIndex),
      cell,
      zone: null,
      host: null,
      memoryMiB: 4096,
      limitMiB: 4096,
      cpuMilli: 250,
      diskGiB: 20,
      loom: 31,
      ames: {
        inbound: options.balanced ? ("nlb" as const) : ("relayed" as const),
        port: 34543 + (options.shipsPerCell === undefined ? 0 : at),
      },
      httpPort: 8080,
      key: name ? { secret: `key-${name.slice(1)}` } : null,
      sealed: false,
      imported: false,
      fake: false,
    };
  });
}

function locks(options: FixtureOptions, of: (cell: string, index: number) => Partial<Architecture>): Architecture[] {
  const { cells: count, shipsPerCell } = sizes(options);
  const cells = Array.from({ length: count }, (_, i) => ({
    id: `c${i + 1}`,
    stack: i === 0 ? "prod" : `prod-c${i + 1}`,
    pilot: i === 0,
    ships: shipsPerCell,
    parked: shipsPerCell > 10,
  }));
  return cells.map((cell, i) =>
    architectureSchema.parse({
      schema: "roadstead/architecture/1",
      environment: "prod",
      stack: cell.stack,
      role: i === 0 ? "platform" : "cell",
      platformStack: "prod",
      drRegion: null,
      decision: { candidate: "fixture", priority: "balanced", why: ["written by hand"], override: null },
      cost: { low: 90, mid: 100, high: 120, currency: "USD", incomplete: false, budget: 200, pricedOn: "2026-11-21" },
      service: { sla: 99, rpoHours: null, rtoHours: null, compliance: [], residency: "none" },
      network: null,
      cluster: null,
      nodePools: [],
      hosts: [],
      cells: i === 0 ? cells : [cell],
      cell: cell.id,
      tombstones: [],
      image: { repository: "tloncorp/vere", digest: `sha256:${"f".repeat(64)}`, architectures: ["x86_64"] },
      access: {
        sshPublicKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA admin"],
        adminCidrs: ["203.0.113.7/32"],
      },
      dns: { domain: options.domain === undefined ? null : options.domain, zoneId: null },
      monitoring: {
        enabled: false,
        existing: null,
        retentionDays: 7,
        storageGiB: 50,
        pagerDutySecret: null,
        slackSecret: null,
      },
      isolation: { podSecurity: "restricted", networkPolicies: false, admissionPolicies: false },
      backup: { enabled: false, everyHours: 24, retentionDays: 90, objectLock: false, drRegion: null },
      release: {
        maxConcurrent: 5,
        failureTolerance: 0,
        soakMinutes: 5,
        terminationGraceSeconds: 600,
        startupBudgetSeconds: 7200,
      },
      versions: options.versions ?? FULL_VERSIONS,
      ...of(cell.id, i),
    }),
  );
}

/** As a caller of the preview hands them over. */
export const stacksOf = (architectures: Architecture[]) =>
  architectures.map((architecture) => ({
    name: architecture.stack,
    architecture,
    requirementsDigest: `sha256:${"1".repeat(64)}`,
  }));

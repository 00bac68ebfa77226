// Hosts and locks the host tests share.
import type { Architecture, LockedHost, LockedShip } from "../../../planner/architecture/schema";

export const SHA = { x86_64: "a".repeat(64), arm64: "b".repeat(64) };
/** A whole key, of zeros. */
export const KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} owner@example`;

export function ship(id: string, over: Partial<LockedShip> = {}): LockedShip {
  return {
    id,
    name: `~${id}`,
    class: "planet",
    parent: null,
    customer: "default",
    tenant: "t-0123456789",
    cell: "c1",
    zone: null,
    host: "home",
    memoryMiB: 4096,
    limitMiB: 4096,
    cpuMilli: 250,
    diskGiB: 20,
    loom: 31,
    ames: { inbound: "direct", port: 34543 },
    httpPort: 8081,
    key: { secret: "palnetKey" },
    sealed: false,
    imported: false,
    fake: false,
    ...over,
  };
}

export function host(over: Partial<LockedHost> = {}): LockedHost {
  return {
    name: "home",
    kind: "vps",
    provider: "digitalocean",
    region: "nyc3",
    zone: null,
    size: "s-2vcpu-4gb",
    arch: "x86_64",
    vcpu: 2,
    memoryGiB: 4,
    rootDiskGiB: 80,
    volumeGiB: 20,
    swapGiB: 2,
    providerBackups: "weekly",
    cell: "c1",
    ...over,
  };
}

/** The parts of a lock that hosts read. */
export function lock(ships: LockedShip[], over: Partial<Architecture> = {}): Architecture {
  return {
    environment: "prod",
    stack: "prod",
    ships,
    access: { sshPublicKeys: [KEY], adminCidrs: ["203.0.113.7/32", "2001:db8::/48"] },
    dns: { domain: "fleet.example.com", zoneId: "example.com" },
    versions: {
      vere: { version: "4.6", sha256: SHA },
      groundseg: { version: "2.8.6", sha256: SHA },
      hostImage: { digitalocean: "debian-12-x64", aws: "ami-0123456789abcdef0" },
    },
    ...over,
  } as Architecture;
}

export const planet = () => ({ host: host(), lock: lock([ship("sampel-palnet")]) });

export const groundseg = (over: Partial<LockedHost> = {}) => ({
  host: host({ name: "harbour", kind: "groundseg", size: "m-2vcpu-16gb", memoryGiB: 16, volumeGiB: 200, ...over }),
  lock: lock(
    ["sampel-palnet", "ridlur-figbud"].map((id, i) =>
      ship(id, { host: "harbour", ames: { inbound: "direct", port: 34344 + i }, httpPort: 8081 + i }),
    ),
  ),
});

export const bareMetal = () => ({
  host: host({
    name: "attic",
    kind: "bare-metal",
    provider: "own",
    size: "own",
    volumeGiB: null,
    providerBackups: "none",
  }),
  lock: lock(
    [
      ship("sampel-palnet", { host: "attic" }),
      ship("zod", {
        host: "attic",
        fake: true,
        class: "galaxy",
        key: null,
        httpPort: 8082,
        ames: { inbound: "direct", port: 34544 },
      }),
    ],
    { dns: { domain: null, zoneId: null } },
  ),
});

/** A public key of age whose owner exists: an example's own are nobody's, and refused. */
export const RECIPIENT = "age1vz9acwqs7zvnkfd5jg9ycd0500qnz8w4wse7jk2fhlsrdm95cfeqh3rxzx";

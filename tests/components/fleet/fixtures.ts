// Ships and a cell's context as a lock gives them.
import type { LockedShip } from "../../../planner/architecture/schema";
import type { CellContext } from "../../../components/fleet";

export const DIGEST = `sha256:${"a".repeat(64)}`;
export const TENANT = "t-0123456789";

export function lockedShip(id: string, more: Partial<LockedShip> = {}): LockedShip {
  return {
    id,
    name: `~${id}`,
    class: "planet",
    parent: null,
    customer: "acme",
    tenant: TENANT,
    cell: "c1",
    zone: "us-west-2a",
    host: null,
    memoryMiB: 4096,
    limitMiB: 4096,
    cpuMilli: 250,
    diskGiB: 20,
    loom: 31,
    ames: { inbound: "relayed", port: 34543 },
    httpPort: 8080,
    key: { secret: `key-${id}` },
    sealed: false,
    imported: false,
    fake: false,
    ...more,
  };
}

export function cellContext(more: Partial<CellContext> = {}): CellContext {
  return {
    stack: "prod",
    cell: "c1",
    image: { repository: "tloncorp/vere", digest: DIGEST, architectures: ["x86_64"] },
    kubectl: { repository: "example.com/kubectl", digest: DIGEST },
    storageClass: "roadstead-gp3",
    domain: "fleet.example.com",
    gateway: { name: "roadstead", namespace: "roadstead-edge" },
    dedicatedNodes: true,
    parked: false,
    terminationGraceSeconds: 900,
    startupBudgetSeconds: 14_400,
    ...more,
  };
}

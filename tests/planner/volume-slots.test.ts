// The planner's figure for piers a node holds, the volume driver's own arithmetic, and what EC2 attaches: all three agree.
import { WARM_IP_TARGET } from "../../components/eks/render/addons";
import { defaultCatalog, type InstanceType } from "../../planner/catalog/catalog";
import { LIMITS } from "../../planner/catalog/limits";
import { reservedSlots } from "../../planner/architecture/pools";
import { nodeCapacity, reservedAttachments } from "../../planner/plan/capacity";

const types = defaultCatalog().instanceTypes;
const kinds = (volumeSlots: InstanceType["volumeSlots"]) => types.filter((t) => t.volumeSlots === volumeSlots);

/** aws-ebs-csi-driver c14b06d, pkg/driver/node.go getVolumesLimit, with metadata closed to pods: one interface, no devices. */
function driverLimit(type: Pick<InstanceType, "volumeSlots">, reserved: number): number {
  const COUNTED_INTERFACES = 1;
  return type.volumeSlots === "dedicated" ? 32 - reserved : 28 - COUNTED_INTERFACES - reserved;
}

/** Daemon sets with an address of their own on a ship node: the volume driver and the log agent. The others use the node's. */
const DAEMONS_WITH_ADDRESS = 2;

test("a fleet of one kind of slots is offered exactly what was planned", () => {
  for (const [kind, planned] of [
    ["shared", LIMITS.ebsPlannedShared.value],
    ["dedicated", LIMITS.ebsPlannedDedicated.value],
  ] as const) {
    const fleet = kinds(kind);
    expect(fleet.length).toBeGreaterThan(0);
    for (const type of fleet) expect(driverLimit(type, reservedAttachments([type]))).toBe(planned);
  }
});

test("with both kinds, or a type nobody knows, a node is never offered more than it can attach", () => {
  const mixed = reservedAttachments(types);
  expect(mixed).toBe(reservedAttachments([]));
  for (const type of types)
    expect(driverLimit(type, mixed)).toBeLessThanOrEqual(driverLimit(type, reservedAttachments([type])));
  expect(driverLimit({ volumeSlots: "dedicated" }, mixed)).toBe(LIMITS.ebsPlannedDedicated.value - 1);
});

test("root, piers and the interfaces that their pods' addresses need fit the slots of every type that shares them", () => {
  const tooMany = kinds("shared").flatMap((type) =>
    [1, 2, 4].flatMap((memoryGiB) => {
      const { ships } = nodeCapacity(type, memoryGiB * 1024, 0.25);
      const addresses = ships + DAEMONS_WITH_ADDRESS + WARM_IP_TARGET;
      const interfaces = Math.ceil(addresses / (type.ipv4PerEni - 1));
      return 1 + ships + interfaces > LIMITS.ebsSlotsShared.value
        ? [`${type.name}: ${ships} ships of ${memoryGiB} GiB, ${interfaces} interfaces`]
        : [];
    }),
  );
  expect(tooMany).toEqual([]);
});

test("the lock records one reserved slot for a fleet on types with slots of their own, and leaves the usual two out", () => {
  const pools = (...names: string[]) =>
    names.map((type) => ({
      name: type,
      role: "ships" as const,
      type,
      arch: "x86_64" as const,
      zone: null,
      count: 1,
      shipsPerNode: 1,
      maxPods: null,
    }));
  const [own, shared] = [kinds("dedicated")[0]!.name, kinds("shared")[0]!.name];
  const catalog = defaultCatalog();
  expect(reservedSlots(pools(own), catalog)).toEqual({ reservedVolumeAttachments: 1 });
  expect(reservedSlots(pools(shared), catalog)).toEqual({});
  expect(reservedSlots(pools(own, shared), catalog)).toEqual({});
  expect(reservedSlots(pools("x9.nobody-knows"), catalog)).toEqual({});
  expect(reservedSlots([...pools(own), { ...pools(shared)[0]!, role: "system" }], catalog)).toEqual({
    reservedVolumeAttachments: 1,
  });
});

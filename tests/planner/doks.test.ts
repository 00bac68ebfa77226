// A DOKS node holds what DigitalOcean leaves of its memory, and fifteen piers at most.
import { checkRequirements, LIMITS, plan } from "../../planner";
import { DOKS_ALLOCATABLE, DOKS_LIMITS, doksAllocatableGiB, dropletVolumesProblem } from "../../planner/doks";
import { doksCapacity } from "../../planner/plan/capacity";

const candidate = (requirements: Record<string, unknown>) => {
  const read = checkRequirements({ platform: "doks", regions: { allowed: ["nyc3"] }, ...requirements }, "wish.yaml");
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return plan(read.requirements).candidates.find((c) => c.mode === "doks")!;
};

test("a node gives pods what the table says, and never more than the next size below would, in proportion", () => {
  for (const [size, pods] of DOKS_ALLOCATABLE) expect(doksAllocatableGiB(size)).toBe(pods);
  expect(doksAllocatableGiB(1)).toBe(0);
  expect(doksAllocatableGiB(24)).toBeCloseTo((24 * 13) / 16);
  for (let size = 2; size < 256; size++) {
    expect(doksAllocatableGiB(size)).toBeLessThan(size);
    expect(doksAllocatableGiB(size + 1)).toBeGreaterThanOrEqual(doksAllocatableGiB(size));
  }
});

test("32 GiB hold the six ships of 4 GiB the reference model assumes", () => {
  expect(doksCapacity({ vcpu: 4, memoryGiB: 32 }, 4 * 1024, 0.25)).toMatchObject({ ships: 6, boundBy: "memory" });
});

test("fifteen ships a node, however much memory it has", () => {
  expect(doksCapacity({ vcpu: 32, memoryGiB: 192 }, 2 * 1024, 0.25)).toMatchObject({ ships: 15, boundBy: "volumes" });
  const planned = candidate({ ships: { count: 90, memoryGiB: 1 } });
  const ships = planned.nodes.filter((n) => n.role === "ships");
  for (const node of ships) expect(node.ships).toBeLessThanOrEqual(LIMITS.doVolumesPerDroplet.value);
  expect(ships.reduce((n, p) => n + p.count * p.ships, 0)).toBeGreaterThanOrEqual(90);
});

test("a sixteenth pier on a droplet is refused, a fifteenth is not", () => {
  expect(dropletVolumesProblem(15, "pools[0].shipsPerNode")).toBeNull();
  expect(dropletVolumesProblem(16, "pools[0].shipsPerNode")).toMatchObject({
    path: "pools[0].shipsPerNode",
    accepted: expect.stringMatching(/at most 15/),
  });
});

test("more volumes than an account may have, and more nodes than a cluster, are refused as quotas", () => {
  const limits = (ships: Record<string, number>) => candidate({ ships, customers: 100 }).rejections.map((r) => r.limit);
  expect(limits({ count: 5_200 })).toContain(DOKS_LIMITS.volumes.what);
  expect(limits({ count: 4_900, memoryGiB: 24 })).toContain(DOKS_LIMITS.nodes.what);
  const fits = limits({ count: 1_000 });
  expect(fits).not.toContain(DOKS_LIMITS.volumes.what);
  expect(fits).not.toContain(DOKS_LIMITS.nodes.what);
});

// RPO and RTO: what the plan says, what the lock builds, what the component takes and what the page says are one thing.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { snapshotSchedule } from "../../components/backup/render/schedule";
import { checkRequirements, plan, type Requirements } from "../../planner";
import { buildArchitectures } from "../../planner/architecture";
import { BACKUP_DAYS, recoveryOnAws, snapshotInterval, snapshotsKept } from "../../planner/plan/recovery";
import { readObject } from "../../planner/requirements/load";

const read = (value: unknown): Requirements => {
  const loaded = checkRequirements(value, "wish.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.requirements;
};
const wish = (rpoHours: number | undefined, dr?: string, count = 5): Requirements =>
  read({
    environment: "prod",
    ships: { count },
    regions: { allowed: ["us-west-2"], ...(dr === undefined ? {} : { dr }) },
    recovery: rpoHours === undefined ? {} : { rpoHours },
  });
const HERE = { rtoHours: 4, note: "here" };

test("a planned interval is one the schedule takes, and keeps every snapshot as long as it should", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 }), fc.boolean(), (hours, far) => {
      const interval = snapshotInterval(wish(hours, far ? "us-east-1" : undefined));
      expect(snapshotSchedule(interval, BACKUP_DAYS)).toMatchObject({ intervalHours: interval });
    }),
    { numRuns: 60 },
  );
});

test("what the plan promises is within the wish wherever any interval could be, the late start and the copy included", () => {
  for (const far of [undefined, "us-east-1"])
    for (let hours = far === undefined ? 4 : 7; hours <= 60; hours++)
      expect(recoveryOnAws(wish(hours, far), HERE, 60).rpoHours).toBeLessThanOrEqual(hours);
});

test("a wish that no schedule can meet is refused with what can be had", () => {
  const p = plan(read({ environment: "prod", ships: { count: 5 }, platform: "eks", recovery: { rpoHours: 2 } }));
  const eks = p.candidates.find((c) => c.mode === "eks")!;
  expect(eks.feasible).toBe(false);
  expect(eks.rejections).toContainEqual(expect.objectContaining({ code: "recovery", have: 4, need: 2 }));
});

test("without a second region nothing is said about one", () => {
  expect(recoveryOnAws(wish(24), HERE, 60)).not.toHaveProperty("secondRegion");
});

test("the second region's time grows with the ships to boot, and the worse of both cases is what counts", () => {
  const few = recoveryOnAws(wish(24, "us-east-1", 5), HERE, 60);
  const many = recoveryOnAws(wish(24, "us-east-1", 500), HERE, 60);
  expect(few.secondRegion!.rtoHours).toBe(3);
  expect(few.rtoHours).toBe(4);
  expect(many.secondRegion!.rtoHours).toBe(11);
  expect(many.rtoHours).toBe(11);
});

test("more snapshots than the region's quota are asked for before the first up", () => {
  const fleet = (rpoHours: number) =>
    read({ environment: "prod", ships: { count: 1000 }, sla: 99.9, platform: "eks", recovery: { rpoHours } });
  const asked = (r: Requirements) => plan(r).quotaRequests.filter((q) => q.quota === "EBS snapshots of one region");
  expect(snapshotsKept(fleet(24))).toBe(180_000);
  expect(asked(fleet(24))).toMatchObject([{ have: 100_000, need: 180_000 }]);
  expect(asked(fleet(48))).toEqual([]);
});

describe("the HIPAA example", () => {
  const data = readObject(readFileSync(join(__dirname, "../../examples/fifty-ships-hipaa.yaml"), "utf8"), "example");
  if (!data.ok) throw new Error("example");
  const requirements = read(data.value);
  const planned = plan(requirements);
  const chosen = planned.candidates.find((c) => c.id === planned.chosen)!;

  test("meets its wishes in both regions, and says what is warm and what is cold", () => {
    const there = chosen.recovery.secondRegion!;
    expect(there.region).toBe("us-east-1");
    expect(there.warm.join()).toMatch(/snapshot.*replica.*keys/);
    expect(there.cold.join()).toMatch(/ships themselves: none runs there/);
    expect(there.reasons.join()).toMatch(/owner's breach/);
    expect(chosen.recovery.rpoHours).toBeLessThanOrEqual(requirements.recovery.rpoHours!);
    expect(chosen.recovery.rtoHours).toBeLessThanOrEqual(requirements.recovery.rtoHours!);
  });

  test("records the interval its numbers stand on, and the second region", () => {
    const built = buildArchitectures({
      requirements,
      plan: planned,
      candidateId: chosen.id,
      stack: "prod",
      previous: new Map(),
    });
    const [platform] = built.stacks;
    expect(platform!.architecture.backup).toMatchObject({
      enabled: true,
      everyHours: 12,
      retentionDays: 90,
      drRegion: "us-east-1",
    });
  });

  test("has the numbers of docs/dr.md", () => {
    const page = readFileSync(join(__dirname, "../../docs/dr.md"), "utf8");
    const there = chosen.recovery.secondRegion!;
    const row = (what: string) => page.split("\n").find((line) => line.startsWith(`| ${what}`)) ?? "";
    expect(row("the whole region")).toMatch(new RegExp(`\\| ${there.rpoHours} h +\\| ${there.rtoHours} h`));
    expect(row("a volume")).toMatch(new RegExp(`\\| ${snapshotInterval(requirements) + 1} h +\\| 4 h`));
    for (const reason of there.reasons) expect(page).toContain(reason);
    for (const thing of [...there.warm, ...there.cold]) expect(page).toContain(thing);
  });
});

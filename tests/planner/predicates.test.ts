// Rules that planner, components and policies share.
import fc from "fast-check";
import {
  bootProblems,
  budgetProblem,
  duplicateShips,
  imageReference,
  limitMiB,
  LOOM_HEADROOM_MIB,
  loomMiB,
  pinnedByDigest,
  secretInText,
  shipMemoryProblem,
  tombstonedShips,
  worldOpenCidr,
} from "../../planner/predicates";

test("a planned limit is never refused, and one less than loom and headroom always is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_536 }), fc.integer({ min: 31, max: 34 }), (memoryMiB, loom) => {
      expect(shipMemoryProblem({ memoryMiB, limitMiB: limitMiB(memoryMiB, loom), loom })).toBeNull();
      const short = loomMiB(loom) + LOOM_HEADROOM_MIB - 1;
      expect(shipMemoryProblem({ memoryMiB: 1, limitMiB: short, loom })?.code).toBe("memory-below-loom");
    }),
  );
  expect(loomMiB(31)).toBe(2048);
  expect(shipMemoryProblem({ memoryMiB: 5000, limitMiB: 4000, loom: 31 })?.code).toBe("request-above-limit");
});

test("a ship twice is seen by id and by name; ships without names are not the same ship", () => {
  const twice = duplicateShips([
    { id: "a", name: "~a" },
    { id: "b", name: "~a" },
    { id: "a", name: null },
  ]);
  expect(twice.map((p) => p.path)).toEqual(["ships[1]", "ships[2]"]);
  expect(
    duplicateShips([
      { id: "unnamed-0001", name: null },
      { id: "unnamed-0002", name: null },
    ]),
  ).toEqual([]);
});

test("a tombstone blocks its name until a clean stop is recorded", () => {
  const grave = { id: "zod", name: "~zod", cleanStopEvent: null };
  expect(tombstonedShips([{ id: "zod", name: "~zod" }], [grave])).toHaveLength(1);
  expect(tombstonedShips([{ id: "other", name: "~zod" }], [grave])).toHaveLength(1);
  expect(tombstonedShips([{ id: "zod", name: "~zod" }], [{ ...grave, cleanStopEvent: 7 }])).toEqual([]);
});

test("only a ship that boots for the first time needs a key", () => {
  const ship = {
    id: "zod",
    name: "~zod",
    class: "galaxy" as const,
    fake: false,
    imported: false,
    sealed: false,
    key: null,
  };
  expect(bootProblems(ship).map((p) => p.code)).toEqual(["missing-key"]);
  for (const more of [
    { sealed: true },
    { imported: true, attestation: { sourceStoppedForGood: true as const } },
    { imported: true, sealed: true },
    { fake: true },
    { class: "comet" as const },
    { key: { secret: "k" } },
  ]) {
    expect(bootProblems({ ...ship, ...more })).toEqual([]);
  }
  expect(bootProblems({ ...ship, imported: true }).map((p) => p.code)).toEqual(["missing-attestation"]);
  expect(bootProblems({ ...ship, id: "unnamed-0001", name: null }).map((p) => p.code)).toEqual(["unnamed-ship"]);
});

test.each([
  ["0.0.0.0/0", true],
  ["128.0.0.0/1", true],
  ["::/0", true],
  ["2000::/3", true],
  ["3000::/4", true],
  ["::ffff:0:0/96", true],
  ["::ffff:8000:0/97", true],
  ["::/80", true],
  ["64:ff9b::/96", true],
  ["::ffff:10.0.0.0/104", false],
  ["2001:db8::/32", false],
  ["fe80::/10", false],
  ["203.0.113.7/32", false],
  ["10.0.0.0/8", false],
  ["nonsense", false],
])("%s is the whole world: %s", (cidr, open) => {
  expect(worldOpenCidr(cidr)).toBe(open);
});

test("an image without a digest gives a reference that nobody can pull", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  expect(pinnedByDigest(imageReference({ repository: "tloncorp/vere", digest }))).toBe(true);
  expect(pinnedByDigest(imageReference({ repository: "tloncorp/vere", digest: null }))).toBe(false);
  expect(imageReference(null)).toBe("image-missing@digest-missing");
});

test("a budget is exceeded by what is known, and kept only by a total that is complete", () => {
  const cost = { mid: 400, incomplete: false, budget: 500, currency: "USD" };
  expect(budgetProblem(cost)).toBeNull();
  expect(budgetProblem({ ...cost, mid: 501, incomplete: true })).toMatch(/1\.00 above the budget/);
  expect(budgetProblem({ ...cost, incomplete: true })).toBeUndefined();
  expect(budgetProblem({ ...cost, mid: null })).toBeUndefined();
  expect(budgetProblem({ ...cost, budget: null })).toBeNull();
});

test("secrets are seen by their shape; ordinary configuration is not taken for one", () => {
  expect(secretInText("key: -----BEGIN RSA PRIVATE KEY-----")).toBe("a private key");
  expect(secretInText(`0w${"3abcd.".repeat(12)}zzzzz`)).toBe("an Urbit boot key");
  expect(secretInText("DB_PASSWORD=correcthorse")).toBe("a password or token");
  for (const text of [
    "PasswordAuthentication no",
    "lock_passwd: true",
    "token=$(cat /run/token)",
    "ssh_pwauth: false",
  ]) {
    expect(secretInText(text)).toBeNull();
  }
});

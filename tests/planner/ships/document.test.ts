// A ship more or less in a requirements file: the file stays the user's own.
import { checkRequirements, readObject } from "../../../planner";
import { shipIn, withAttestation, withoutShip, withShip, type Edited } from "../../../planner/ships/document";

const FILE = `# ours
apiVersion: roadstead/v1
environment: prod # not dev
ships:
  # the first came in 2024
  named:
    - { name: ~sampel-palnet, customer: acme, key: { secret: a-key } } # the boss's
    # the star
    - { name: ~marzod, customer: acme, key: { secret: b-key } }
  memoryGiB: 4 # enough
`;
const ok = (edit: Edited): string => {
  if (!edit.ok) throw new Error(edit.message);
  return edit.text;
};
const notes = (edit: Edited) => (edit.ok ? edit.notes : edit.message);
const ships = (text: string) => {
  const read = readObject(text, "f.yaml");
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const loaded = checkRequirements(read.value, "f.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.requirements.ships;
};
const names = (text: string) => ships(text).named.map((s) => s.name ?? s.nickname);

test("a ship more changes its own line only", () => {
  const text = ok(withShip(FILE, { name: "~zod", customer: "acme", key: { secret: "c-key" } }));
  expect(text).toBe(
    FILE.replace("  memoryGiB", "    - { name: ~zod, customer: acme, key: { secret: c-key } }\n  memoryGiB"),
  );
});

test("a ship less takes its line and its comment with it, and nothing else", () => {
  const text = ok(withoutShip(FILE, "~sampel-palnet"));
  expect(text).toContain("# the first came in 2024");
  expect(text).toContain("memoryGiB: 4 # enough");
  expect(names(text)).toEqual(["~marzod"]);
});

test("an attestation is put beside what the ship's line says already", () => {
  const text = ok(
    withAttestation(FILE.replace(", key: { secret: a-key }", ", diskGiB: 40, imported: true"), "~sampel-palnet", {
      sourceStoppedForGood: true,
      atEvent: 7,
      by: "Ada",
    }),
  );
  expect(text).toContain("# the boss's");
  expect(shipIn(text, "~sampel-palnet")).toEqual({
    name: "~sampel-palnet",
    customer: "acme",
    diskGiB: 40,
    imported: { sourceStoppedForGood: true, atEvent: 7, by: "Ada" },
  });
  expect(ok(withAttestation("ships: [~zod] # us\n", "~zod", { sourceStoppedForGood: true }))).toContain("# us");
});

test("a bare list stays one, until a ship has more to say", () => {
  expect(ok(withShip("ships: [~zod]\n", { name: "~nec" }))).toBe("ships: [ ~zod, ~nec ]\n");
  const said = ok(withShip("ships: [~zod]\n", { name: "~nec", customer: "acme" }));
  expect(names(said)).toEqual(["~zod", "~nec"]);
});

test("JSON stays JSON", () => {
  const text = ok(withShip('{ "ships": ["~zod"] }', { name: "~nec" }));
  expect(JSON.parse(text)).toEqual({ ships: ["~zod", "~nec"] });
});

describe("what is counted", () => {
  test("a name takes a counted place while there is one, and is one more when there is none", () => {
    const one = withShip("ships: { count: 2 }\n", { name: "~sampel-palnet" });
    expect(notes(one)).toEqual(["takes a place that was planned by count"]);
    expect(ships(ok(one)).count).toBe(2);
    const two = withShip(ok(one), { name: "~ridlur-figbud" });
    const three = withShip(ok(two), { name: "~dopzod" });
    expect(notes(three)).toEqual(["3 ships in all now"]);
    expect(ships(ok(three)).count).toBe(3);
  });
  test("by class", () => {
    const file = "ships: { count: 2, types: { planet: 2 } }\n";
    expect(ships(ok(withShip(file, { name: "~sampel-palnet" }))).types).toMatchObject({ planet: 2, star: 0 });
    const star = ok(withShip(file, { name: "~marzod" }));
    expect(ships(star)).toMatchObject({ count: 3, types: { planet: 2, star: 1 } });
    expect(ships(ok(withoutShip(star, "~marzod")))).toMatchObject({ count: 2, types: { planet: 2, star: 0 } });
  });
  test("nobody unnamed comes in the place of a ship that leaves", () => {
    const text = ok(withoutShip("ships:\n  count: 3 # three\n  named: [~sampel-palnet]\n", "~sampel-palnet"));
    expect(ships(text)).toMatchObject({ count: 2, named: [] });
    expect(text).toContain("# three");
  });
});

test("refused: what is there already, what is not there, the last one, and what is no such file", () => {
  expect(notes(withShip(FILE, { name: "~marzod" }))).toMatch(/there already/);
  expect(notes(withoutShip(FILE, "~nec"))).toMatch(/not among its ships \(~sampel-palnet, ~marzod\)/);
  expect(notes(withoutShip("ships: [~zod]\n", "~zod"))).toMatch(/only ship.*pulumi destroy/);
  expect(notes(withoutShip("ships: { count: 1, named: [~zod] }\n", "~zod"))).toMatch(/only ship/);
  for (const text of ["a: [", "- 1\n", "environment: prod\n", "ships: { named: 3 }\n"])
    expect(withShip(text, { name: "~nec" }).ok).toBe(false);
});

test("lists under the first letter of their key stay there", () => {
  const text = "environment: prod\nships:\n  named:\n  - ~zod   # ours\n  - ~nec\n\nplatform: vps\n";
  expect(ok(withShip(text, { name: "~marzod" }))).toBe(text.replace("~nec\n", "~nec\n  - ~marzod\n"));
  const word = { sourceStoppedForGood: true as const, atEvent: 5, by: "Ada" };
  expect(ok(withAttestation(text, "~nec", word))).toBe(
    text.replace("- ~nec", "- { name: ~nec, imported: { sourceStoppedForGood: true, atEvent: 5, by: Ada } }"),
  );
  expect(ok(withoutShip(text, "~nec"))).toBe(text.replace("  - ~nec\n", ""));
});

test("what comes out says what is meant, however the file is written", () => {
  const odd = "? ships\n: named:\n  - ~zod\n  - ~nec\nnote: >-\n  a\n  b\nlist: [1,\n  2]\n";
  expect(names(ok(withShip(`environment: prod\n${odd.replace(/note[^]*/, "")}`, { name: "~marzod" })))).toEqual([
    "~zod",
    "~nec",
    "~marzod",
  ]);
});

test("a line that others refer to is not taken away from under them", () => {
  const text = "ships:\n  named:\n    - { name: ~zod, customer: &c acme }\n    - { name: ~nec, customer: *c }\n";
  expect(withoutShip(text, "~zod")).toMatchObject({ ok: false, message: expect.stringMatching(/refer to that one/) });
  expect(withoutShip(text, "~nec").ok).toBe(true);
});

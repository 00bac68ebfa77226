import { checkRequirements } from "../../../planner/requirements/load";
import { codes, type Files, named, planet, ship, shipsOf, tampered, wish, withRunState, write } from "./fixtures";

const PROD = "Pulumi.prod.yaml";
const star = { name: "~marzod", key: { secret: "star" } };
const comet = "~racmus-mollen-fallyt-linpex--watres-sibbur-modlux-rinmex";
const fleet = (ships: Record<string, unknown>[]) => wish({ ships: { named: ships } });

/** Requirements that got past the loader, as those of an older version did. */
function nicknamed(nickname: string) {
  const r = fleet([...named([1]), { nickname: "halley" }]);
  r.ships.named[1]!.nickname = nickname;
  return r;
}

describe("a nickname never takes over a real ship", () => {
  test("one that reads as an @p is refused in the requirements, with its path", () => {
    for (const nickname of ["marzod", "zod", "sampel-palnet", "doznec-sampel-palnet"]) {
      const loaded = checkRequirements({ ships: { named: [{ nickname }] } }, "wish.yaml", {});
      expect([loaded.ok, loaded.ok ? [] : loaded.problems.map((p) => p.path)]).toEqual([
        false,
        ["ships.named[0].nickname"],
      ]);
    }
    expect(checkRequirements({ ships: { named: [{ nickname: "halley" }] } }, "wish.yaml", {}).ok).toBe(true);
  });

  test("nor is it written, should it get that far", () => {
    const before = write(fleet([...named([1]), star]), "eks").after;
    for (const files of [before, new Map() as Files])
      expect(write(nicknamed("marzod"), "eks", files, { force: true })).toMatchObject({
        writes: [],
        problems: [{ code: "duplicate" }],
      });
  });
});

describe("an object name stands for one ship for good", () => {
  const before = write(fleet([...named([1]), { nickname: "halley" }]), "eks").after;

  test("a recorded ship never gets another class or name, claimed or not", () => {
    const other = tampered(before, PROD, (a) => {
      const s = a.ships.find((l) => l.id === "halley")!;
      s.name = comet;
    });
    const unclaimed = withRunState(other, PROD, { halley: { claim: "unclaimed", firstBoot: "never" } });
    for (const files of [other, unclaimed]) {
      const r = fleet([...named([1]), { nickname: "halley" }]);
      r.ships.named[1] = { ...r.ships.named[1]!, class: "star" };
      expect(write(r, "eks", files, { force: true })).toMatchObject({ writes: [], problems: [{ code: "held" }] });
    }
  });

  test("a comet claimed by a nickname keeps its seat under the @p it mined, written either way", () => {
    const mined = tampered(before, PROD, (a) => {
      a.ships.find((l) => l.id === "halley")!.name = comet;
    });
    for (const wished of [{ nickname: "halley" }, { name: comet }]) {
      const result = write(fleet([...named([1]), wished]), "eks", mined);
      expect(result.problems).toEqual([]);
      expect(shipsOf(result).map((s) => [s.id, s.name])).toContainEqual(["halley", comet]);
      expect(result.stacks[0]!.architecture.tombstones).toEqual([]);
    }
    const twice = write(fleet([...named([1]), { nickname: "halley" }, { name: comet }]), "eks", mined);
    expect(codes(twice)).toEqual(["duplicate"]);
  });

  test("a tombstone is no other ship's either: not a nickname's, not another class's, not a fake one's", () => {
    const gone = write(fleet(named([1])), "eks", write(fleet([...named([1]), star]), "eks").after).after;
    const stopped = withRunState(gone, PROD, { marzod: { cleanStopEvent: 7 } });
    expect(codes(write(nicknamed("marzod"), "eks", stopped))).toEqual(["duplicate"]);
    expect(codes(write(fleet([...named([1]), { name: "~marzod", fake: true }]), "eks", stopped))).toEqual(["held"]);
    expect(codes(write(fleet([...named([1]), star]), "eks", stopped))).toEqual([]);
  });

  test("a fake ship that left never comes back as the real one", () => {
    const fake = { name: planet(2), fake: true };
    const gone = write(fleet(named([1])), "eks", write(fleet([...named([1]), fake]), "eks").after).after;
    const stopped = withRunState(gone, PROD, { [planet(2).slice(1)]: { cleanStopEvent: 7 } });
    expect(codes(write(fleet(named([1, 2])), "eks", stopped))).toEqual(["held"]);
    expect(ship(write(fleet([...named([1]), fake]), "eks", stopped), planet(2))!.fake).toBe(true);
  });

  test("a mined comet that left comes back to its own volume by its @p", () => {
    const mined = tampered(before, PROD, (a) => {
      a.ships.find((l) => l.id === "halley")!.name = comet;
    });
    const gone = write(fleet(named([1])), "eks", mined).after;
    expect(codes(write(fleet([...named([1]), { name: comet }]), "eks", gone))).toEqual(["held"]);
    const stopped = withRunState(gone, PROD, { halley: { cleanStopEvent: 7 } });
    const back = ship(write(fleet([...named([1]), { name: comet }]), "eks", stopped), comet)!;
    expect([back.id, back.sealed]).toEqual(["halley", true]);
  });
});

test("one key is one ship: two ships never name the same secret", () => {
  const ships = [1, 2, 3].map((n) => ({ name: planet(n), key: { secret: n === 2 ? "own" : "shared" } }));
  const loaded = checkRequirements({ ships: { named: ships } }, "wish.yaml", {});
  expect([loaded.ok, loaded.ok ? [] : loaded.problems.map((p) => p.path)]).toEqual([
    false,
    ["ships.named[2].key.secret"],
  ]);
});

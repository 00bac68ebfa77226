import { keysThatUpWants, shipLedger } from "../../preview/ledger";
import type { LockedShip } from "../../planner/architecture/schema";
import { clusterArchitectures, hostArchitectures, stacksOf } from "./architectures";

const locked = (change: (ships: LockedShip[]) => void) => {
  const [stack] = stacksOf(clusterArchitectures({ shipsPerCell: 6 }));
  change(stack!.architecture.ships);
  return stack!;
};
const state = { claim: "claimed", firstBoot: "done", lastEvent: 41, cleanStopEvent: null } as const;

describe("the ship ledger", () => {
  test("says first boot, kept, stopped and removed by what is recorded", () => {
    const stack = locked(() => undefined);
    const [a, b, c] = stack.architecture.ships as [LockedShip, LockedShip, LockedShip];
    stack.architecture.tombstones = [
      {
        id: "wanderer",
        name: "~dacmul-pittyv",
        cell: "c1",
        zone: null,
        host: null,
        tenant: a.tenant,
        diskGiB: 20,
        cleanStopEvent: 7,
      },
    ];
    const { ledger } = shipLedger([
      { ...stack, runState: { [b.id]: state, [c.id]: { ...state, cleanStopEvent: 41 } } },
    ]);
    const action = Object.fromEntries(ledger.ships.map((s) => [s.id, s.action]));
    expect(action).toMatchObject({ [a.id]: "first boot", [b.id]: "kept", [c.id]: "stopped", wanderer: "removed" });
    expect(ledger.counts).toEqual({ "first boot": 4, kept: 1, stopped: 1, removed: 1 });
    expect(ledger.ships.find((s) => s.id === "wanderer")).toMatchObject({ claim: "claimed", key: null, lastEvent: 7 });
  });

  test("a sealed or imported ship never has a first boot, whatever its run state lacks", () => {
    const { ledger } = shipLedger([
      locked((ships) => {
        ships[0]!.sealed = true;
        ships[1]!.imported = true;
      }),
    ]);
    expect(ledger.ships.slice(0, 2).map((s) => [s.action, s.claim])).toEqual([
      ["kept", "claimed"],
      ["kept", "claimed"],
    ]);
  });

  test("a ship whose claim says that it never booted has its first boot ahead, and one that started it has not", () => {
    const stack = locked(() => undefined);
    const [a, b] = stack.architecture.ships as [LockedShip, LockedShip];
    const never = { ...state, firstBoot: "never", lastEvent: null } as const;
    const { ledger } = shipLedger([
      { ...stack, runState: { [a.id]: never, [b.id]: { ...never, firstBoot: "started" } } },
    ]);
    expect(ledger.ships.slice(0, 2).map((s) => s.action)).toEqual(["first boot", "kept"]);
  });

  test("a named ship nobody recorded anything of is unknown, not unclaimed", () => {
    expect(shipLedger([locked(() => undefined)]).ledger.ships[0]!.claim).toBe("unknown");
  });

  test("a comet may be called as what every object has", () => {
    const stack = locked(([first]) => Object.assign(first!, { id: "constructor", name: null, class: "comet" }));
    expect(shipLedger([stack]).ledger.ships[0]).toMatchObject({ action: "first boot", claim: "unknown" });
  });

  test("tells the six states of a key apart", () => {
    const { ledger } = shipLedger([
      locked((ships) => {
        ships[1]!.key = null;
        Object.assign(ships[2]!, { sealed: true });
        Object.assign(ships[3]!, { imported: true });
        Object.assign(ships[4]!, { fake: true });
        Object.assign(ships[5]!, { class: "comet" });
      }),
    ]);
    expect(ledger.ships.map((s) => s.key)).toEqual(["given", "missing", "sealed", "imported", "fake", "comet"]);
  });

  test("a key that is named and not set in the stack file is missing, and said so", () => {
    const stack = locked(() => undefined);
    const [first] = stack.architecture.ships;
    const { ledger, warnings } = shipLedger([{ ...stack, secretsSet: new Set([first!.key!.secret]) }]);
    expect(ledger.ships.map((s) => s.key)).toEqual(["given", ...Array<string>(5).fill("missing")]);
    expect(warnings.join()).toMatch(/5 ships without a boot key.*`up` refuses until each has one/);
  });

  describe("of ships on hosts, whose key is not set", () => {
    const [recorded] = stacksOf(hostArchitectures({ shipsPerCell: 3 }));
    const stack = { ...recorded!, secretsSet: new Set<string>() };
    const [first] = stack.architecture.ships;
    const names = (ships: LockedShip[]) => ships.map((s) => s.id);

    test("`up` refuses none where no host key is recorded: it never reads the secret", () => {
      expect(shipLedger([stack]).warnings).toEqual([
        expect.stringMatching(/^3 ships without a boot key: .*; the host takes it after `up`$/),
      ]);
      expect(keysThatUpWants([stack])).toEqual([]);
    });

    test("it refuses those of hosts that it delivers to", () => {
      const known = { ...stack, hostKeys: { [first!.host!]: "ssh-ed25519 AAAA" } };
      expect(shipLedger([known]).warnings).toEqual([
        `1 ship without a boot key: ${first!.name}; \`up\` refuses until each has one`,
        expect.stringMatching(/^2 ships without a boot key: .*; the host takes it after `up`$/),
      ]);
      expect(names(keysThatUpWants([known]))).toEqual([first!.id]);
    });

    test("nobody waits for those that GroundSeg takes in its own pages", () => {
      const { architecture } = stack;
      const hosts = architecture.hosts.map((h) => ({ ...h, kind: "groundseg" as const }));
      const ships = architecture.ships.map((s) => ({ ...s }));
      const inPages = {
        ...stack,
        architecture: { ...architecture, hosts, ships },
        hostKeys: { [first!.host!]: "ssh-ed25519 AAAA" },
      };
      const { ledger, warnings } = shipLedger([inPages]);
      expect(ledger.ships.map((s) => s.key)).toEqual(["groundseg", "groundseg", "groundseg"]);
      // A secret named for them would be set and never read.
      expect(warnings).toEqual([
        expect.stringMatching(
          /^3 ships with a key\.secret that nobody reads: .*; GroundSeg takes boot keys on its own page only$/,
        ),
      ]);
      for (const ship of ships) ship.key = null;
      expect(shipLedger([inPages]).warnings).toEqual([]);
      expect(keysThatUpWants([inPages])).toEqual([]);
    });
  });

  test("a first boot that was started and never confirmed is a warning", () => {
    const stack = locked(() => undefined);
    const { id } = stack.architecture.ships[0]!;
    const { ledger, warnings } = shipLedger([{ ...stack, runState: { [id]: { ...state, firstBoot: "started" } } }]);
    expect(ledger.ships[0]!.action).toBe("kept");
    expect(warnings.join()).toContain("never confirmed it");
  });

  test("ships of a large cell are created stopped", () => {
    const parked = (shipsPerCell: number) =>
      shipLedger(stacksOf(clusterArchitectures({ shipsPerCell }))).ledger.ships.every((s) => s.parked);
    expect([parked(10), parked(11)]).toEqual([false, true]);
  });
});

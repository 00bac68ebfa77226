import { type Architecture, parseArchitecture, parseStackFile } from "../../../planner/architecture";
import { build, codes, named, planet, type Shape, tampered, wish, write } from "./fixtures";

const STACK = "Pulumi.prod.yaml";
const moon = { name: "~doznec-sampel-palnet", key: { secret: "moon" } };
const fleet = wish({ ships: { named: [...named([1, 2]), moon, { nickname: "halley" }] } });
const locks: Partial<Record<Shape, ReturnType<typeof write>["after"]>> = {
  eks: write(fleet, "eks").after,
  "vps-aws": write(fleet, "vps-aws").after,
  doks: write(fleet, "doks").after,
};
const at = (a: Architecture, id: string) => a.ships.find((s) => s.id === id)!;
const first = planet(1).slice(1);

describe("a lock whose parts contradict each other is refused, though every value is well-formed and the digest fits", () => {
  test.each<[string, Shape, (a: Architecture) => void, RegExp]>([
    ["an object name of another ship", "eks", (a) => (at(a, first).id = "marzod"), /ships\[\d\]\.id$/],
    ["a nickname that is a ship's name", "eks", (a) => (at(a, "halley").id = "marzod"), /ships\[\d\]\.id$/],
    ["another class", "eks", (a) => (at(a, first).class = "star"), /class$/],
    ["a moon of another parent", "eks", (a) => (at(a, "doznec-sampel-palnet").parent = planet(1)), /parent$/],
    ["a name that is no @p", "eks", (a) => (at(a, first).name = "~no-ship"), /name$/],
    ["a planet without a name", "eks", (a) => (at(a, first).name = null), /name$/],
    ["a sealed ship with a key", "eks", (a) => (at(a, first).sealed = true), /key$/],
    ["a zone the cluster does not span", "eks", (a) => (at(a, first).zone = "us-west-2d"), /zone$/],
    ["no zone where volumes live in one", "eks", (a) => (at(a, first).zone = null), /zone$/],
    ["a zone where there are none", "doks", (a) => (at(a, first).zone = "nyc3"), /zone$/],
    ["a host of another region", "vps-aws", (a) => (a.hosts[0]!.region = "us-east-1"), /hosts\[0\]\.region$/],
    ["a host in another region's zone", "vps-aws", (a) => (a.hosts[0]!.zone = "us-east-1a"), /hosts\[0\]\.zone$/],
    ["a volume too small for its piers", "vps-aws", (a) => (a.hosts[0]!.volumeGiB = 19), /hosts\[0\]\.volumeGiB$/],
    ["fewer ships than its cell counts", "eks", (a) => (a.cells[0]!.ships += 1), /cells\[0\]\.ships$/],
    [
      "a tombstone under another ship's object name",
      "eks",
      (a) =>
        a.tombstones.push({
          id: "marzod",
          name: null,
          cell: "c1",
          zone: null,
          host: null,
          tenant: a.ships[0]!.tenant,
          diskGiB: 1,
          cleanStopEvent: 3,
        }),
      /tombstones\[0\]\.id$/,
    ],
  ])("%s", (_what, shape, change, path) => {
    const files = tampered(locks[shape]!, STACK, (a) => void change(a));
    const { problems, architecture } = parseStackFile(STACK, files.get(STACK)!);
    expect([architecture, codes({ problems })]).toEqual([null, ["invalid"]]);
    expect(problems.filter((p) => path.test(p.path))).not.toEqual([]);
    expect(write(fleet, shape, files, { force: true }).writes).toEqual([]);
  });

  test("a mined comet keeps the nickname it was claimed by", () => {
    const comet = "~racmus-mollen-fallyt-linpex--watres-sibbur-modlux-rinmex";
    const { architecture } = build(fleet, "eks").stacks[0]!;
    at(architecture, "halley").name = comet;
    expect(parseArchitecture(architecture, STACK).problems).toEqual([]);
  });
});

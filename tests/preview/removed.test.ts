import { previewArchitectures, type GraphResource } from "../../preview";
import { clusterArchitectures, stacksOf } from "./architectures";

jest.setTimeout(60_000);

const byUrn = (resources: readonly GraphResource[]) => [...resources].sort((a, b) => (a.urn < b.urn ? -1 : 1));

test("a ship removed from a further cell is drawn as its program registers it: claim and volume, nothing that runs", async () => {
  const architectures = clusterArchitectures({ cells: 2, shipsPerCell: 1 });
  const [, cell] = architectures;
  const { tenant } = cell!.ships[0]!;
  cell!.tombstones = [
    {
      id: "dacmul-pittyv",
      name: "~dacmul-pittyv",
      cell: cell!.cell,
      zone: "us-west-2a",
      host: null,
      tenant,
      diskGiB: 20,
      cleanStopEvent: null,
    },
  ];
  const stacks = stacksOf(architectures);
  const drawn = (await previewArchitectures(stacks)).graph.resources;
  const run = (await previewArchitectures(stacks, { everyCellUnderRuntime: true })).graph.resources;
  expect(byUrn(drawn)).toEqual(byUrn(run));
  const left = drawn.filter((r) => r.custom && r.name.startsWith("dacmul-pittyv"));
  expect(left.map((r) => [r.type.split(":").pop(), r.options.protect, r.options.retainOnDelete])).toEqual([
    ["Lease", true, true],
    ["PersistentVolumeClaim", true, true],
  ]);
});

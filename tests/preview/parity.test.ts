import type { Architecture } from "../../planner/architecture/schema";
import { OFFLINE_SECRET, previewArchitectures, type GraphResource } from "../../preview";
import { clusterArchitectures, hostArchitectures, stacksOf } from "./architectures";

const byUrn = (resources: readonly GraphResource[]) => [...resources].sort((a, b) => (a.urn < b.urn ? -1 : 1));

// Two runs of every stack, on machines that may be busy.
jest.setTimeout(60_000);

describe("rendering a cell purely gives the graph its stack program gives", () => {
  const fleets: [string, Architecture[]][] = [
    ["three cells on EKS", clusterArchitectures({ cells: 3, shipsPerCell: 2 })],
    [
      "two cells on EKS with a domain",
      clusterArchitectures({ cells: 2, shipsPerCell: 3, domain: "fleet.example.com" }),
    ],
    [
      "two cells on EKS behind load balancers for Ames",
      clusterArchitectures({ cells: 2, shipsPerCell: 2, balanced: true }),
    ],
    [
      "two cells of ships planned by count",
      clusterArchitectures({ cells: 2, shipsPerCell: 11, unnamed: true, versions: {} }),
    ],
    ["two cells of hosts", hostArchitectures({ cells: 2, shipsPerCell: 2 })],
    [
      "three cells of hosts with a domain",
      hostArchitectures({ cells: 3, shipsPerCell: 1, domain: "fleet.example.com" }),
    ],
  ];
  test("cells of hosts whose SSH keys are recorded: their set-up and their boot keys are delivered", async () => {
    const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const stacks = stacksOf(hostArchitectures({ cells: 2, shipsPerCell: 2 })).map((stack) => ({
      ...stack,
      hostKeys: Object.fromEntries(stack.architecture.hosts.map((h) => [h.name, hostKey])),
    }));
    const rendered = await previewArchitectures(stacks);
    const run = await previewArchitectures(stacks, { everyCellUnderRuntime: true });
    const commands = run.graph.resources.filter((r) => r.type === "command:remote:Command");
    expect(commands).toHaveLength(8);
    expect(JSON.stringify(commands)).not.toContain(OFFLINE_SECRET);
    expect(byUrn(rendered.graph.resources)).toEqual(byUrn(run.graph.resources));
  });
  test.each(fleets)("%s", async (_name, architectures) => {
    const stacks = stacksOf(architectures);
    const rendered = await previewArchitectures(stacks);
    const run = await previewArchitectures(stacks, { everyCellUnderRuntime: true });
    expect(run.graph.resources.length).toBeGreaterThan(stacks.length);
    expect(byUrn(rendered.graph.resources)).toEqual(byUrn(run.graph.resources));
  });
});

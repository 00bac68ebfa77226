// What a destroyed stack leaves, as docs/destroy.md lists it, and the file that brings a stack back to it.
import * as fs from "node:fs";
import * as path from "node:path";
import { previewArchitectures } from "../../preview";
import { wayBack } from "../../preview/way-back";
import { clusterArchitectures, hostArchitectures, stacksOf } from "./architectures";

jest.setTimeout(60_000);

/** Kinds named in the page's table of what stays. */
const listed = (): string[] => {
  const page = fs.readFileSync(path.join(__dirname, "../../docs/destroy.md"), "utf8");
  const [, table = ""] = /## What stays\n([\s\S]*?)\n## /.exec(page) ?? [];
  return [...table.matchAll(/^\| `([A-Za-z]+)`/gm)].map(([, kind]) => kind!);
};

test("the page lists every kind that stays when a stack is destroyed, and no other", async () => {
  const stacks = [...stacksOf(clusterArchitectures({ cells: 2, shipsPerCell: 1 })), ...stacksOf(hostArchitectures())];
  const graphs = await Promise.all(stacks.map((s) => previewArchitectures([s])));
  // An attachment ends with its droplet, and is never taken away before it.
  const kinds = graphs
    .flatMap((g) => g.graph.resources.filter((r) => r.options.retainOnDelete))
    .map((r) => r.type)
    .filter((type) => !type.endsWith(":VolumeAttachment"));
  // These hosts are DigitalOcean's. A host's claim on AWS is a parameter: tests/engine/lifecycle.test.ts sees it left.
  const stay = [...new Set(kinds.map((type) => type.split(":").pop()!)), "Parameter"];
  expect(listed().sort()).toEqual(stay.sort());
});

test("the way back names each of a stack's own once, under its parents and by the cluster's provider", async () => {
  const stacks = stacksOf(clusterArchitectures({ cells: 2, shipsPerCell: 1 }));
  const { resources } = (await previewArchitectures(stacks)).graph;
  for (const stack of new Set(resources.map((r) => r.stack))) {
    const file = wayBack(resources, stack)!;
    const kept = resources.filter((r) => r.stack === stack && r.options.retainOnDelete);
    const objects = file.resources.filter((r) => r.id !== undefined);
    expect(objects.map((r) => r.logicalName).sort()).toEqual(kept.map((r) => r.name).sort());
    const names = file.resources.map((r) => r.name);
    expect(new Set(names).size).toBe(names.length);
    file.resources.forEach(({ parent }, n) => {
      // A parent is read before what hangs under it.
      if (parent !== undefined) expect(names.slice(0, n)).toContain(parent);
    });
    for (const { provider } of objects) expect(file.nameTable[provider!]).toMatch(/pulumi:providers:kubernetes/);
  }
  expect(wayBack(resources, "elsewhere")).toBeNull();
});

// The way back after a fleet was destroyed: claims, piers and their namespaces are still there, `up` alone is refused by them,
// and with an import of what was kept the same ships come back to the same volumes, with their run state.
import * as fs from "node:fs";
import { pierName } from "../../components/fleet/render/names";
import { examples, prepare } from "./engine/examples";
import { expectDone, expectUnchanged } from "./engine/expectations";
import { type CloudObject, type JournalEntry, Project } from "./engine/project";

const name = "existing-cluster";
const { ships } = examples[name];
const FIRST_BOOT = "roadstead.dev/first-boot";
/** Of the cluster: what was there before the stack is nobody's to keep. */
const KEPT = /:(Lease|PersistentVolumeClaim|Namespace|ValidatingAdmissionPolicy|ValidatingAdmissionPolicyBinding)$/;

const project = new Project();
let stack: string;
let left: CloudObject[];
afterAll(() => {
  const running = project.left();
  project.remove();
  expect(running).toEqual([]);
});
const kept = (): CloudObject[] => project.cloud.all().filter((o) => KEPT.test(o.type) && o.urn !== "");
const named = ({ type, id }: Pick<CloudObject, "type" | "id">): string => `${type.split(":").pop()!} ${id}`;
const since = (from: number): JournalEntry[] => project.cloud.journal().slice(from);

/** As the ship's pod leaves its claim once the ship has answered. */
function booted(claim: CloudObject): void {
  const metadata = claim.inputs.metadata as { annotations: Record<string, string> };
  const noted = { metadata: { ...metadata, annotations: { ...metadata.annotations, [FIRST_BOOT]: "done" } } };
  project.cloud.update({ ...claim, inputs: { ...claim.inputs, ...noted }, outs: { ...claim.outs, ...noted } });
}

test("destroyed, the fleet leaves its claims, piers and what keeps them, and up alone is refused by them", async () => {
  [stack] = (await prepare(project, examples[name])) as [string];
  expectDone(await project.up(stack));
  for (const claim of kept().filter((o) => o.type.endsWith(":Lease"))) booted(claim);
  await project.must(["state", "unprotect", "--all", "--yes", "--stack", stack]);
  expectDone(await project.destroy(stack));
  const names = (kind: string): string[] =>
    kept()
      .filter((o) => o.type.endsWith(`:${kind}`))
      .map((o) => o.id.split("/")[1]!)
      .sort();
  expect(names("Lease")).toEqual([...ships].sort());
  expect(names("PersistentVolumeClaim")).toEqual(ships.map(pierName).sort());
  left = kept();
  const from = project.cloud.journal().length;
  const refused = await project.up(stack);
  expect(refused.code).not.toBe(0);
  expect(refused.output).toMatch(/already exists/);
  expect(since(from).filter((e) => /:(StatefulSet|Secret|Lease|PersistentVolumeClaim)$/.test(e.type))).toEqual([]);
});

test("imported from the file of the preview, the ships come back to their volumes, and nothing of them is made anew", async () => {
  project.previewed(stack);
  const file = project.path(`previewed/way-back/${stack}.json`);
  const shown = JSON.parse(fs.readFileSync(file, "utf8")) as { resources: { type: string; id?: string }[] };
  const objects = shown.resources.flatMap((r) => (r.id === undefined ? [] : [`${r.type.split(":").pop()!} ${r.id}`]));
  expect(objects.sort()).toEqual(left.map(named).sort());
  expectDone(
    await project.pulumi([
      "import",
      "--file",
      file,
      "--generate-code=false",
      "--yes",
      "--skip-preview",
      "--stack",
      stack,
    ]),
  );
  const from = project.cloud.journal().length;
  expectDone(await project.up(stack));
  const done = since(from);
  const ofTheirs = new Set(left.map(named));
  expect(done.filter((e) => e.op === "delete" || (e.op === "create" && ofTheirs.has(named(e))))).toEqual([]);
  for (const claim of kept().filter((o) => o.type.endsWith(":Lease")))
    expect((claim.inputs.metadata as { annotations: Record<string, string> }).annotations[FIRST_BOOT]).toBe("done");
  expect(kept().map(named)).toEqual(expect.arrayContaining(left.map(named)));
  expectUnchanged(await project.up(stack));
  const protectedNow = project.resources(stack).filter((r) => /:(Lease|PersistentVolumeClaim)$/.test(r.type));
  expect(protectedNow.map((r) => (r as unknown as { protect?: boolean }).protect)).toEqual(
    protectedNow.map(() => true),
  );
});

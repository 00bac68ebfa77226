import * as fs from "node:fs";
import * as path from "node:path";
import { roadstead, workspace } from "./fake-io";

const root = path.join(__dirname, "../..");
const below = (dir: string, ext: RegExp): string[] =>
  fs
    .readdirSync(path.join(root, dir), { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && ext.test(e.name))
    .map((e) => path.join(e.parentPath, e.name));

/** Every `roadstead COMMAND` a reader is told to run, with the text around it. */
function toldIn(file: string): { command: string; where: string; around: string }[] {
  const text = fs.readFileSync(file, "utf8");
  return [...text.matchAll(/`roadstead ([a-z]+)\b[^`]*`/g)].map((m) => ({
    command: m[1]!,
    where: `${path.relative(root, file)}: ${m[0]}`,
    around: text.slice(m.index, m.index + m[0].length + 60).replace(/\s+/g, " "),
  }));
}

test("runbooks and texts of the command line name no command that this version does not have", async () => {
  const { stdout } = await roadstead(workspace(), ["--help"]);
  const known = new Set([...stdout.matchAll(/^ {2}([a-z]+) /gm)].map((m) => m[1]!));
  expect([...known]).toEqual(expect.arrayContaining(["init", "plan", "preview", "doctor", "schema"]));
  const files = [
    ...below("docs/runbooks", /\.md$/),
    path.join(root, "docs/cli.md"),
    path.join(root, "docs/preview.md"),
    ...["cli", "preview", "stacks"].flatMap((dir) => below(dir, /\.ts$/)),
  ];
  const told = files.flatMap(toldIn);
  expect(told.length).toBeGreaterThan(10);
  const missing = told.filter((t) => !known.has(t.command) && !/from the rollout version on/.test(t.around));
  expect(missing.map((t) => t.where)).toEqual([]);
});

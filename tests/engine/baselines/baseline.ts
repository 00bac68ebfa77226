// A baseline: everything that is left of a stack's life when its program and engine are gone: what the engine exported, the
// objects of the stand-in cloud, and the stack files. One compressed file an example.
import * as fs from "node:fs";
import * as path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Example } from "../engine/examples";
import type { Project } from "../engine/project";

/** As `pulumi stack export` writes it. */
interface Exported {
  version: number;
  deployment: { resources: Record<string, unknown>[] };
}

export interface Baseline {
  /** What it was planned from, and the made-up keys. */
  example: Example;
  stacks: {
    name: string;
    /** Pulumi.<name>.yaml: the lock, the salt, and config secrets under the suite's passphrase. */
    file: string;
    /** `pulumi stack export`, its secrets under the same passphrase. */
    deployment: Exported;
  }[];
  /** Files of the stand-in cloud, by path inside it. */
  cloud: Record<string, string>;
}

const CLOUD = ["objects", "names"];

export async function taken(project: Project, example: Example, names: string[]): Promise<Baseline> {
  const stacks = [];
  for (const name of names) {
    const exported = project.path("exported.json");
    await project.must(["stack", "export", "--stack", name, "--file", exported]);
    const deployment = anywhere(JSON.parse(fs.readFileSync(exported, "utf8")) as Exported);
    stacks.push({ name, file: fs.readFileSync(project.path("stacks", `Pulumi.${name}.yaml`), "utf8"), deployment });
  }
  const cloud = Object.fromEntries(
    CLOUD.flatMap((folder) =>
      fs
        .readdirSync(project.path("cloud", folder))
        .sort()
        .map((file) => [`${folder}/${file}`, fs.readFileSync(project.path("cloud", folder, file), "utf8")]),
    ),
  );
  return { example, stacks, cloud };
}

/** Without what is of one machine and one minute: where in which program a resource was declared, and when. */
function anywhere({ version, deployment }: Exported): Exported {
  const resources = deployment.resources.map((resource) => {
    const rest = { ...resource };
    for (const key of ["sourcePosition", "stackTrace", "created", "modified"]) delete rest[key];
    return rest;
  });
  return { version, deployment: { ...deployment, resources } };
}

/** Brings a baseline into a project that has nothing yet. Gives the names of its stacks, the platform first. */
export async function restore(project: Project, baseline: Baseline): Promise<string[]> {
  for (const [file, text] of Object.entries(baseline.cloud)) fs.writeFileSync(project.path("cloud", file), text);
  for (const { name, file, deployment } of baseline.stacks) {
    fs.writeFileSync(project.path("stacks", `Pulumi.${name}.yaml`), file);
    await project.must(["stack", "init", name]);
    const exported = project.path("exported.json");
    fs.writeFileSync(exported, JSON.stringify(deployment));
    await project.must(["stack", "import", "--stack", name, "--file", exported]);
    // What `stack init` may have written of its own: the file is the user's.
    fs.writeFileSync(project.path("stacks", `Pulumi.${name}.yaml`), file);
  }
  return baseline.stacks.map((s) => s.name);
}

const fileOf = (folder: string, name: string): string => path.join(folder, name, "baseline.json.gz");

export function write(folder: string, name: string, baseline: Baseline): void {
  fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(fileOf(folder, name), gzipSync(JSON.stringify(baseline), { level: 9 }));
}

export function read(folder: string, name: string): Baseline {
  return JSON.parse(gunzipSync(fs.readFileSync(fileOf(folder, name))).toString()) as Baseline;
}

/** The last recorded version: its folder, where it came from, and the examples it has. */
export function lastRecorded(): { folder: string; version: string; commit: string; date: string; examples: string[] } {
  const versions = fs.readdirSync(__dirname).filter((name) => /^\d+\.\d+\.\d+/.test(name));
  const version = versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
  if (version === undefined) throw new Error("no baseline is recorded: node tests/engine/baselines/record.mjs");
  const folder = path.join(__dirname, version);
  const recorded = JSON.parse(fs.readFileSync(path.join(folder, "recorded.json"), "utf8")) as {
    commit: string;
    date: string;
  };
  const examples = fs.readdirSync(folder, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [e.name] : []));
  return { folder, version, ...recorded, examples: examples.sort() };
}

// A boot key is the ship: whoever reads it can take it. It may be where it must be used, and nowhere else on disk.
import * as fs from "node:fs";
import * as path from "node:path";
import { canary, type ExampleName, examples, prepare } from "./engine/examples";
import { type Outcome, Project } from "./engine/project";

const CLUSTER_TOKEN = "canary-token-of-the-cluster";

describe.each<ExampleName>(["vps-digitalocean", "doks", "existing-cluster"])("secrets of %s", (name) => {
  const example = examples[name];
  const project = new Project();
  const outcomes: Outcome[] = [];
  const secrets = [...example.ships.map(canary), ...(name === "existing-cluster" ? [CLUSTER_TOKEN] : [])];

  beforeAll(async () => {
    const [stack] = await prepare(project, example);
    // An error message is a place, too: the first try fails where keys and credentials are handed over.
    outcomes.push(
      await project.up(
        stack!,
        ["--diff"],
        [{ on: "create", type: "Secret|Droplet|KubernetesNodePool", nth: 2, what: "fail" }],
      ),
      await project.preview(stack!, ["--diff", "--policy-pack", project.path("policies")]),
      await project.up(stack!, ["--diff"]),
      // Not -v=9: at that level the engine itself logs values on their way to providers in the clear.
      await project.up(stack!, ["--diff", "--debug"]),
      await project.must(["stack", "output", "--json", "--stack", stack!]),
      await project.must(["stack", "export", "--stack", stack!]),
    );
    expect(outcomes.map((o) => o.code)).toEqual([expect.any(Number), 0, 0, 0, 0, 0]);
  });
  afterAll(() => project.remove());

  test("no key is in anything the engine wrote: state, history, backups, logs, stack file", () => {
    const files = everyFile(project.root);
    expect(files.some((f) => f.includes("/.pulumi/history/"))).toBe(true);
    expect(files.filter((f) => holds(fs.readFileSync(f, "latin1"), secrets))).toEqual([]);
  });

  test("no key is in anything the engine said: progress, diffs, events, errors, outputs", () => {
    expect(outcomes.map((o) => [holds(o.output, secrets), holds(o.events, secrets)])).toEqual(
      outcomes.map(() => [false, false]),
    );
  });

  test("the key reached the one place it is used in", () => {
    const holders = project.cloud.all().filter((o) => holds(JSON.stringify(o.inputs), example.ships.map(canary)));
    // A host is handed its key over SSH, so its cloud never sees it.
    const expected = name === "vps-digitalocean" ? [] : example.ships.map(() => "kubernetes:core/v1:Secret");
    expect(holders.map((o) => o.type)).toEqual(expected);
  });
});

/** In the clear, in Base64 at any of its three alignments, or as JSON would escape it. */
function holds(text: string, secrets: string[]): boolean {
  return secrets.some((secret) =>
    [
      secret,
      ...[0, 1, 2].map((pad) =>
        Buffer.from(" ".repeat(pad) + secret)
          .toString("base64")
          .slice(4, -4),
      ),
    ].some((form) => text.includes(form)),
  );
}

/** Everything but the stand-in cloud, which is where secrets are sent to. */
function everyFile(dir: string): string[] {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(dir, entry.name);
    if (entry.isSymbolicLink() || file.endsWith("/cloud")) return [];
    return entry.isDirectory() ? everyFile(file) : [file];
  });
}

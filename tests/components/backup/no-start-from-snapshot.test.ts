// Every place of the library that could make a disk from an old copy, by name: a new one fails here until somebody has
// written down why it starts no ship.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { checkRequirements, plan } from "../../../planner";
import { buildArchitectures } from "../../../planner/architecture";
import { rules } from "../../../policies/rules";
import { previewArchitectures } from "../../../preview";
import { renderAdmission } from "../../../components/isolation/render/admission";

const ROOT = join(__dirname, "../../..");
/** Every part of the library there is: rollout/ comes later. */
const PARTS = ["planner", "policies", "components", "stacks", "preview", "rollout", "cli"].filter((part) =>
  existsSync(join(ROOT, part)),
);
/** How Kubernetes, AWS and DigitalOcean are told to fill a new disk, or a machine, from an old copy. */
const FROM_A_COPY =
  /\bdataSource(Ref)?\b(?!s\b)|\bsnapshotIds?\b|\bsnapshotIdentifier\b|VolumeSnapshot|\bfromSnapshot\b|\brestoreFrom\b|--after-breach/;

const PLACES: Record<string, string> = {
  "components/backup/render/drill.ts": "the drill: no network, one command that starts nothing",
  "cli/ship/drill-facts.ts": "finds the snapshot a drill looks at, and makes nothing",
  "components/isolation/render/admission.ts": "refuses it in every tenant's namespace, but with the breach annotation",
  "policies/rules/ships.ts": "refuses it before anything is made, whatever is said",
  "components/host/render/ship-script.ts": "--after-breach: refused while a pier is there, boots anew with a new key",
};

const files = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : files(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });

/** Grafana calls its databases data sources too. */
const isDashboard = (file: string): boolean => file.startsWith("components/monitoring/render/");

describe("no ship starts from a snapshot", () => {
  test("the places that know of such a thing are these, each with its reason", () => {
    const found = PARTS.flatMap((part) => files(join(ROOT, part)))
      .map((file) => relative(ROOT, file))
      .filter((file) => !isDashboard(file))
      .filter((file) => FROM_A_COPY.test(readFileSync(join(ROOT, file), "utf8")));
    expect(found.sort()).toEqual(Object.keys(PLACES).sort());
  });

  test("what is looked for is what would do it", () => {
    for (const text of [
      "dataSource: { kind: 'VolumeSnapshot' }",
      "dataSourceRef: x",
      "snapshotId: 'snap-1'",
      "new VolumeSnapshot()",
      "{ restoreFrom }",
    ])
      expect(text).toMatch(FROM_A_COPY);
    for (const text of ["dataSources: []", "snapshotHours()", "the snapshot of a ship"])
      expect(text).not.toMatch(FROM_A_COPY);
  });

  test("the drill is the one renderer among them, and holds no ship's workload", () => {
    const source = readFileSync(join(ROOT, "components/backup/render/drill.ts"), "utf8");
    expect(source).not.toMatch(/"StatefulSet"|"Service"|entrypoint\.sh|hostNetwork|secretName/);
    // Nothing composes it into a stack: `pulumi up` cannot make one. `roadstead ship drill` does, and takes it away again.
    const users = PARTS.flatMap((part) => files(join(ROOT, part)))
      .map((file) => relative(ROOT, file))
      .filter((file) => file !== "components/backup/render/drill.ts")
      .filter((file) => /\brenderDrill\b|render\/drill/.test(readFileSync(join(ROOT, file), "utf8")));
    expect(users.sort()).toEqual(["cli/ship/drill-run.ts", "cli/ship/drill.ts", "components/backup/index.ts"]);
  });

  test("both who refuse it are there: the policy is mandatory, the admission policy asks for the breach and for who may", () => {
    expect(rules.find((r) => r.name === "pier-not-from-snapshot")).toMatchObject({ level: "mandatory" });
    const rule = JSON.stringify(renderAdmission("a")).match(/no ship starts from a snapshot or a clone/g);
    expect(rule).toHaveLength(1);
    expect(JSON.stringify(renderAdmission("a"))).toMatch(
      /!has\(dyn\(object\)\.spec\.dataSource\) && !has\(dyn\(object\)\.spec\.dataSourceRef\)/,
    );
  });

  test.each([
    [
      "eks with a second region",
      {
        sla: 99.9,
        experience: "expert",
        platform: "eks",
        ships: { count: 3 },
        regions: { allowed: ["us-west-2"], dr: "us-east-1" },
      },
    ],
    ["hosts on AWS", { ships: { count: 2 }, platform: "multi-vps", regions: { allowed: ["us-west-2"] } }],
    ["hosts on DigitalOcean", { ships: { count: 2 }, platform: "groundseg", regions: { allowed: ["nyc3"] } }],
  ])(
    "%s: nothing of the graph is filled from a copy",
    async (_, wish) => {
      const loaded = checkRequirements({ environment: "dev", ...wish }, "wish.yaml");
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
      const planned = plan(loaded.requirements);
      const built = buildArchitectures({
        requirements: loaded.requirements,
        plan: planned,
        candidateId: planned.chosen!,
        stack: "dev",
        previous: new Map(),
      });
      const { graph } = await previewArchitectures(built.stacks);
      expect(graph.resources.length).toBeGreaterThan(5);
      const filled = graph.resources.filter((r) =>
        /"(dataSource|dataSourceRef|snapshotId|snapshotIds|restore\w*)":/.test(JSON.stringify(r.inputs)),
      );
      // The admission policy speaks of it in an expression, which is no key.
      expect(filled.map((r) => r.urn)).toEqual([]);
    },
    60_000,
  );
});

// A volume that is lost while its ship's key is still declared. `up` makes what is missing, so it makes an empty volume; it
// must not make a second ship of it.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { EXISTING_SERVER, examples, prepare } from "./engine/examples";
import { type CloudObject, Project } from "./engine/project";

const FIRST_BOOT = "roadstead.dev/first-boot";

/** As the ship's pod leaves its claim once the ship has answered. */
function noteBoot(project: Project, claim: CloudObject): void {
  const metadata = claim.inputs.metadata as { annotations: Record<string, string> };
  const noted = { metadata: { ...metadata, annotations: { ...metadata.annotations, [FIRST_BOOT]: "done" } } };
  project.cloud.update({ ...claim, inputs: { ...claim.inputs, ...noted }, outs: { ...claim.outs, ...noted } });
}

interface Container {
  env: { name: string; value?: string }[];
}

/** What the claim's container decides in the pod that was deployed: its own script and settings, over an empty volume. */
function verdictOf(project: Project, workload: CloudObject): string {
  const claim = one(project, ":Lease", workload.id.split("/")[1]!);
  const scripts = one(project, ":ConfigMap", "ship-scripts-");
  const template = (workload.inputs.spec as { template: { spec: { initContainers: Container[] } } }).template;
  const given = template.spec.initContainers[0]!.env.filter((e) => e.value !== undefined);
  const place = project.path("pod");
  const [volume, run, bin] = ["urbit", "run", "bin"].map((f) => path.join(place, f)) as [string, string, string];
  for (const folder of [volume, run, bin]) fs.mkdirSync(folder, { recursive: true });
  const { spec, metadata } = claim.inputs as {
    spec: { holderIdentity: string };
    metadata: { annotations: Record<string, string> };
  };
  const answer = [
    spec.holderIdentity,
    metadata.annotations[FIRST_BOOT],
    metadata.annotations["roadstead.dev/last-event"],
  ];
  fs.writeFileSync(path.join(bin, "kubectl"), `#!/bin/sh\nprintf '%s' '${answer.join("|")}|'\n`, { mode: 0o755 });
  const script = path.join(place, "claim.sh");
  fs.writeFileSync(script, (scripts.inputs.data as Record<string, string>)["claim.sh"]!);
  const env = {
    ...Object.fromEntries(given.map((e) => [e.name, e.value])),
    PATH: `${bin}:/usr/bin:/bin`,
    ROADSTEAD_VOLUME: volume,
    ROADSTEAD_RUN: run,
  };
  const done = spawnSync("sh", [script], { env, encoding: "utf8", timeout: 30_000 });
  if (done.status !== 0) throw new Error(`the claim's script: exit ${done.status}\n${done.stdout}${done.stderr}`);
  return fs.readFileSync(path.join(run, "verdict"), "utf8").trim();
}

function one(project: Project, type: string, name: string): CloudObject {
  const found = project.cloud
    .all()
    .find((o) => o.type.endsWith(type) && (o.id.split("/").pop() ?? "").startsWith(name));
  if (!found) throw new Error(`there is no ${type} ${name}`);
  return found;
}

describe("a pier's volume claim deleted by hand, in a cluster", () => {
  const project = new Project();
  afterAll(() => project.remove());
  const ship = examples["existing-cluster"].ships[0]!;
  let stack: string;

  test("up alone does not notice, and makes nothing", async () => {
    [stack] = (await prepare(project, examples["existing-cluster"])) as [string];
    expect((await project.up(stack)).code).toBe(0);
    noteBoot(project, one(project, ":Lease", ship));
    const pier = one(project, ":PersistentVolumeClaim", `pier-${ship}`);
    const taken = `${EXISTING_SERVER} v1 PersistentVolumeClaim ${pier.id}`;
    project.cloud.remove(pier, taken);
    expect(Object.keys((await project.up(stack)).changes)).toEqual(["same"]);
    expect(project.cloud.all().filter((o) => o.id === pier.id)).toEqual([]);
  });

  test("after a refresh up makes an empty one; claim and workload are untouched, and the ship is quarantined", async () => {
    const workload = one(project, ":StatefulSet", ship);
    const before = project.cloud.journal().length;
    expect((await project.refresh(stack)).code).toBe(0);
    expect((await project.up(stack)).code).toBe(0);
    const made = project.cloud.journal().slice(before);
    expect(made.map((e) => [e.op, e.type])).toEqual([["create", "kubernetes:core/v1:PersistentVolumeClaim"]]);
    expect(one(project, ":StatefulSet", ship)).toEqual(workload);
    expect(verdictOf(project, workload)).toBe("quarantine it has had its first boot, and the volume has no pier");
  });
});

describe("a pier's volume deleted by hand, on a host", () => {
  test.each(["vps-aws", "vps-digitalocean"] as const)(
    "%s: after a refresh up makes an empty one for the same host, whose root disk remembers the first boot",
    async (name) => {
      const project = new Project();
      try {
        const [stack] = await prepare(project, examples[name]);
        expect((await project.up(stack!)).code).toBe(0);
        const host = project.cloud.all().find((o) => /:(Droplet|Instance)$/.test(o.type))!;
        const volume = project.cloud.all().find((o) => o.type.endsWith(":Volume"))!;
        const { region, name: volumeName } = volume.inputs as { region: string; name?: string };
        project.cloud.remove(volume, volumeName === undefined ? null : `${volume.type} ${region} ${volumeName}`);
        const before = project.cloud.journal().length;
        expect((await project.refresh(stack!)).code).toBe(0);
        const up = await project.up(stack!);
        if (up.code !== 0) throw new Error(up.output.slice(-4_000));
        const after = project.cloud.journal().slice(before);
        const touched = after.map((e) => `${e.op} ${e.type.split(":").pop()!}`).sort();
        // At DigitalOcean an attachment is never taken away for itself; this one's volume is gone.
        expect(touched).toEqual([
          "create Volume",
          "create VolumeAttachment",
          ...(name === "vps-aws" ? ["delete VolumeAttachment"] : []),
        ]);
        expect(project.cloud.all().filter((o) => /:(Droplet|Instance)$/.test(o.type))).toEqual([host]);
      } finally {
        project.remove();
      }
    },
  );
});

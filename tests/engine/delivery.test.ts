// What `pulumi up` brings to hosts over SSH, under the real engine: when, in which order, once, and never in the clear. The
// commands themselves run on a real host in tests/host/delivery.test.ts.
import * as fs from "node:fs";
import * as path from "node:path";
import { sealShips } from "../../planner/architecture/seal";
import { parseStackFile, writeStackFile } from "../../planner/architecture/stack-file";
import { canary, examples, prepare } from "./engine/examples";
import { type Outcome, Project } from "./engine/project";
import { steps } from "./engine/stateful";

const SHIP = "sampel-palnet";
const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const example = examples["vps-digitalocean"];
const project = new Project();
const outcomes: Outcome[] = [];
let stack = "";

beforeAll(async () => void (stack = (await prepare(project, example))[0]!));
afterAll(() => project.remove());

const ran = () => project.runs().map((r) => `${r.urn.split("::").pop()} ${r.code}`);
const kept = async (done: Promise<Outcome>): Promise<Outcome> => {
  outcomes.push(await done);
  return outcomes.at(-1)!;
};
const output = async (name: string): Promise<unknown> =>
  JSON.parse((await project.must(["stack", "output", name, "--json", "--stack", stack])).output);
const done = (outcome: Outcome): Outcome => {
  if (outcome.code !== 0) throw new Error(outcome.output.slice(-6_000));
  return outcome;
};
/** As `roadstead ship seal` records it, once somebody knows that the ship has booted. */
function sealed(): void {
  const file = project.path(`stacks/Pulumi.${stack}.yaml`);
  const text = fs.readFileSync(file, "utf8");
  const { architecture, requirementsDigest } = parseStackFile(file, text);
  const lock = { architecture: sealShips(architecture!, new Set([SHIP])), requirementsDigest: requirementsDigest! };
  fs.writeFileSync(file, writeStackFile(text, lock));
}

test("a host whose key nobody recorded is given nothing, and up ends with how that is changed and how it is done by hand", async () => {
  done(await kept(project.up(stack)));
  expect(ran()).toEqual([]);
  const steps = ((await output("nextSteps")) as Record<string, string[]>)[SHIP]!.join("\n");
  expect(steps).toContain(`pulumi config set --path 'roadstead:hostKeys["${SHIP}"]' 'KEY'`);
  expect(steps).toContain(`pulumi config get ${SHIP}-key | ssh keeper@`);
  expect(await output("addresses")).toEqual({ [SHIP]: expect.stringMatching(/^[\d.]+$/) });
  expect(await output("logins")).toEqual({ [SHIP]: { [SHIP]: expect.stringMatching(/^ssh -L .*\+code/) } });
  expect(await output("backupState")).toEqual({ [SHIP]: expect.arrayContaining([expect.stringMatching(/no backup/)]) });
});

test("a recorded key that is none stops up before anything", async () => {
  const path = `roadstead:hostKeys["${SHIP}"]`;
  await project.must(["config", "set", "--stack", stack, "--path", path, `192.0.2.1 ${HOST_KEY}`]);
  const refused = await project.up(stack);
  expect(refused.code).not.toBe(0);
  expect(refused.output).toMatch(/hostKeys.sampel-palnet: received: not one public host key without the address/);
  // The way the next steps say it.
  await project.must(["config", "set", "--stack", stack, "--path", path, HOST_KEY]);
  expect(ran()).toEqual([]);
});

test("a quarantined ship fails up with the reason, and is delivered to when it is none any more", async () => {
  project.hostsAnswer(
    `case $* in *"/ship "*) echo "roadstead: ${SHIP}: quarantined: its volume is empty" >&2; exit 77 ;; esac`,
  );
  const failed = await kept(project.up(stack));
  expect(failed.code).not.toBe(0);
  expect(failed.output).toContain("quarantined: its volume is empty");
  expect(ran()).toEqual([`${SHIP}-set-up 0`, `${SHIP}-deliver-key-${SHIP} 77`]);
  project.hostsAnswer(`case $* in *"/ship "*) echo "roadstead: ${SHIP} has had its first boot" ;; esac`);
  done(await kept(project.up(stack)));
  expect(ran().slice(2)).toEqual([`${SHIP}-deliver-key-${SHIP} 0`]);
});

test("set-up and key went to the host that was recorded, as its administrator, each on standard input", async () => {
  const [setUp, key] = [project.runs()[0]!, project.runs().at(-1)!];
  for (const { connection } of [setUp, key])
    expect(connection).toMatchObject({
      host: ((await output("addresses")) as Record<string, string>)[SHIP],
      user: "keeper",
      hostKey: HOST_KEY,
    });
  expect(setUp.stdin).toMatch(
    /^#!\/bin\/sh\n# Sets up sampel-palnet[\s\S]*\nexec \/usr\/local\/lib\/roadstead\/bootstrap\n$/,
  );
  expect(key.stdin).toBe(canary(SHIP));
  expect(key.command).not.toContain(canary(SHIP));
});

test("a second up runs nothing", async () => {
  const before = ran().length;
  const again = done(await kept(project.up(stack)));
  expect(Object.keys(again.changes)).toEqual(["same"]);
  expect(ran()).toHaveLength(before);
});

test("a change of the host's files runs the set-up once more and replaces nothing", async () => {
  const before = ran().length;
  const access = example.requirements.access as { adminCidrs: string[] };
  const moved = { ...access, adminCidrs: ["198.51.100.0/24"] };
  await project.record({ ...example.requirements, access: moved }, ["--force"]);
  const changed = done(await kept(project.up(stack)));
  expect(ran().slice(before)).toEqual([`${SHIP}-set-up 0`]);
  expect(project.runs().at(-1)!.stdin).toContain("198.51.100.0/24");
  expect(steps(changed).filter((s) => /replace|delete|create/.test(s.op))).toEqual([]);
});

test("another SSH key, as of a host made anew: its ship is looked for and its boot key not delivered again, and up fails until it is there", async () => {
  const before = ran().length;
  const path = `roadstead:hostKeys["${SHIP}"]`;
  await project.must(["config", "set", "--stack", stack, "--path", path, HOST_KEY.replace(/A$/, "B")]);
  project.hostsAnswer('case $* in *"not delivered again"*) echo "its key is not delivered again" >&2; exit 77 ;; esac');
  const failed = await kept(project.up(stack));
  expect(failed.code).not.toBe(0);
  expect(ran().slice(before)).toEqual([`${SHIP}-set-up 0`, `${SHIP}-deliver-key-${SHIP} 77`]);
  expect(project.runs().at(-1)!.command).not.toContain('"$ship" key "$id" ||');
  // Not once more by the next one either; with the pier in its place it is fine.
  expect((await kept(project.up(stack))).code).not.toBe(0);
  expect(project.runs().at(-1)!.command).not.toContain('"$ship" key "$id" ||');
  project.hostsAnswer('case $* in *"/ship "*) echo "has had its first boot" ;; esac');
  done(await kept(project.up(stack)));
  expect(Object.keys(done(await kept(project.up(stack))).changes)).toEqual(["same"]);
});

test("a droplet made anew ends before its volume leaves it: an attachment is never taken away for itself", async () => {
  const replaced = async (type: RegExp): Promise<string[]> => {
    const urn = project
      .resources(stack)
      .map((r) => r.urn)
      .find((u) => type.test(u.split("::")[2]!))!;
    const before = project.cloud.journal().length;
    const outcome = await project.pulumi(["up", "--yes", "--skip-preview", "--stack", stack, "--replace", urn]);
    if (outcome.code !== 0) throw new Error(outcome.output.slice(-4_000));
    return project.cloud
      .journal()
      .slice(before)
      .filter((e) => /:(Droplet|VolumeAttachment|Volume)$/.test(e.type))
      .map((e) => `${e.op} ${e.type.split(":").pop()}`);
  };
  expect(await replaced(/:Droplet$/)).toEqual([
    "delete Droplet",
    "release VolumeAttachment",
    "create Droplet",
    "create VolumeAttachment",
  ]);
  expect(await replaced(/:VolumeAttachment$/)).toEqual(["create VolumeAttachment"]);
});

test("no key is in what the engine wrote or said", () => {
  const files = everyFile(project.root);
  expect(files.some((f) => f.includes("/.pulumi/history/"))).toBe(true);
  expect(files.filter((f) => holds(fs.readFileSync(f, "latin1")))).toEqual([]);
  expect(outcomes.filter((o) => holds(o.output) || holds(o.events))).toEqual([]);
});

test("a sealed ship's key is declared no more, and its host is not asked", async () => {
  const before = ran().length;
  sealed();
  expect(done(await kept(project.up(stack))).changes.delete).toBe(1);
  // The set-up runs, since the host's own files say that the ship is sealed.
  expect(ran().slice(before)).toEqual([`${SHIP}-set-up 0`]);
  expect(project.checkpoint(stack)).not.toContain("deliver-key");
});

test("destroy runs nothing on the host", async () => {
  const before = ran().length;
  await project.must(["state", "unprotect", "--all", "--yes", "--stack", stack]);
  done(await project.destroy(stack));
  expect(ran()).toHaveLength(before);
});

/** In the clear, or in Base64 at any of its three alignments. */
function holds(text: string): boolean {
  const aligned = [0, 1, 2].map((pad) =>
    Buffer.from(" ".repeat(pad) + canary(SHIP))
      .toString("base64")
      .slice(4, -4),
  );
  return [canary(SHIP), ...aligned].some((form) => text.includes(form));
}

/** Everything but the stand-in cloud and its hosts, which is where secrets are sent to. */
function everyFile(dir: string): string[] {
  return fs.readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(dir, entry.name);
    if (entry.isSymbolicLink() || file.endsWith("/cloud")) return [];
    return entry.isDirectory() ? everyFile(file) : [file];
  });
}

// `roadstead ship drill`, with a kubectl that keeps its objects in a folder: what it makes, what it reads, that it takes
// everything away, and what it says when it cannot know.
import * as fs from "node:fs";
import * as path from "node:path";
import { type Program, runProgram } from "../../../cli/ship/kubectl";
import { shipDrill, type ShipDrillOptions } from "../../../cli/ship/drill";
import { Stop } from "../../../cli/exit";
import { parseStackFile } from "../../../planner/architecture/stack-file";
import type { LockedShip } from "../../../planner/architecture/schema";
import { fakeIo, filesIn, roadstead, workspace } from "../fake-io";

const FILE = `environment: prod
ships:
  named: [~sampel-palnet, ~ridlur-figbud]
  image: { repository: tloncorp/vere, digest: "sha256:${"a".repeat(64)}", architectures: [x86_64] }
platform: eks
experience: expert
regions: { allowed: [us-west-2] }
versions: { kubernetes: "1.34" }
`;
/** kubectl and aws as far as they are asked: objects by kind, namespace and name. */
class Pretended {
  readonly objects = new Map<string, Thing>();
  readonly asked: string[] = [];
  /** Null: the aws program is not let in. */
  snapshots: { id: string; at: string; volume: string }[] | null = [];
  constructor(public script: Script) {}

  put(o: Thing): void {
    this.objects.set(keyOf(o.kind, o.metadata.namespace, o.metadata.name), o);
  }

  readonly program: Program = async (_io, name, given, input = "") => {
    const args = given.filter((a) => !a.startsWith("--request-timeout"));
    this.asked.push(`${name} ${args.join(" ")}`);
    const done = (out: unknown) => ({ code: 0, out: typeof out === "string" ? out : JSON.stringify(out), err: "" });
    const failed = (err: string) => ({ code: 1, out: "", err });
    if (name === "aws") return this.snapshots === null ? failed("AccessDenied") : done(this.snapshots);
    const { script } = this;
    if (script.refuse && args.join(" ").includes(script.refuse)) return failed(script.why ?? "(Forbidden): no");
    const namespace = args.includes("-n") ? args[args.indexOf("-n") + 1] : undefined;
    const [verb, kind = "", what] = args;
    if (verb === "create") {
      const o = JSON.parse(input) as Thing;
      if (this.objects.has(keyOf(o.kind, o.metadata.namespace, o.metadata.name))) return failed("(AlreadyExists)");
      this.put(o);
      if (o.kind === "Job") this.look(o.metadata.namespace!);
      return done("");
    }
    if (verb === "get" && what !== undefined && !what.startsWith("-")) {
      const found = this.objects.get(keyOf(kind, namespace, what));
      return found === undefined ? failed("Error from server (NotFound): not found") : done(found);
    }
    if (verb === "get") {
      const items = [...this.objects.entries()]
        .filter(
          ([k, o]) =>
            k.startsWith(`${singular(kind)}/`) && (namespace ?? o.metadata.namespace) === o.metadata.namespace,
        )
        .map(([, o]) => o);
      return done({ items });
    }
    if (verb === "delete") {
      this.objects.delete(keyOf(kind, undefined, what!));
      for (const [k, o] of this.objects)
        if (
          kind === "namespace" &&
          (o.metadata.namespace === what || (!script.keepsDisk && o.spec?.claimRef?.namespace === what))
        )
          this.objects.delete(k);
      return done("");
    }
    return verb === "logs" ? done(script.log ?? "") : failed("unknown");
  };

  /** What controller, scheduler, driver and kubelet do. */
  private look(namespace: string): void {
    const { pod } = this.script;
    this.put({ kind: "Pod", metadata: { name: "look-x", namespace }, status: pod } as Thing);
    this.put({ kind: "PersistentVolume", metadata: { name: "pv-copy" }, spec: { claimRef: { namespace } } });
  }
}

interface Thing {
  kind: string;
  metadata: { name: string; namespace?: string; [more: string]: unknown };
  spec?: { claimRef?: { namespace: string }; [more: string]: unknown };
  [more: string]: unknown;
}
const singular = (kind: string) =>
  kind
    .toLowerCase()
    .split(".")[0]!
    .replace(/([^s])s$/, "$1");
const keyOf = (kind: string, namespace: string | undefined, name: string) =>
  `${singular(kind)}/${namespace ?? ""}/${name}`;

const ended = (exitCode: number) => ({ containerStatuses: [{ state: { terminated: { exitCode } } }] });
const log = (event: number) => `\nurbit: /urbit/pier at event ${event}\n  disk: live=&, event=${event}\n`;

interface Script {
  pod?: object;
  log?: string;
  refuse?: string;
  why?: string;
  keepsDisk?: boolean;
  noted?: string;
  holder?: string;
  notedAt?: string;
}

let dir: string;
let ship: LockedShip;
let there: Pretended;
const objects = () => [...there.objects.keys()].sort();
const asked = () => there.asked.join("\n");

async function cluster(script: Script = {}): Promise<void> {
  dir = workspace({
    "Pulumi.yaml": "name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\n",
    "r.yaml": FILE,
  });
  const planned = await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"]);
  if (planned.code !== 0) throw new Error(planned.stdout + planned.stderr);
  const text = fs.readFileSync(path.join(dir, "stacks/Pulumi.prod.yaml"), "utf8");
  ship = parseStackFile("Pulumi.prod.yaml", text).architecture!.ships.find((s) => s.id === "sampel-palnet")!;
  there = new Pretended({ pod: ended(0), log: log(500), ...script });
  there.put({
    kind: "Lease",
    metadata: {
      name: ship.id,
      namespace: "roadstead-registry",
      annotations: { "roadstead.dev/last-event": script.noted ?? "500" },
      managedFields: [
        {
          time: script.notedAt ?? "2026-11-20T01:00:00Z",
          fieldsV1: { "f:metadata": { "f:annotations": { "f:roadstead.dev/last-event": {} } } },
        },
      ],
    },
    spec: { holderIdentity: script.holder ?? `prod/${ship.tenant}` },
  });
  there.put({
    kind: "PersistentVolumeClaim",
    metadata: { name: `pier-${ship.id}`, namespace: ship.tenant },
    spec: { volumeName: "pv-1", storageClassName: "piers" },
    status: { capacity: { storage: "40Gi" } },
  });
  const csi = { driver: "ebs.csi.aws.com", volumeHandle: "vol-1" };
  there.put({ kind: "PersistentVolume", metadata: { name: "pv-1" }, spec: { csi } });
  there.put({
    kind: "StorageClass",
    metadata: { name: "piers" },
    parameters: { type: "gp3", encrypted: "true", tagSpecification_1: "roadstead.dev/backup=prod" },
  });
  there.snapshots = [{ id: "snap-0a", at: "2026-11-21T02:00:00Z", volume: "vol-1" }];
}

async function drill(options: ShipDrillOptions = {}, name = "~sampel-palnet") {
  const io = fakeIo(dir);
  const pace = { pauseMs: 5, removalMs: 200, graceMs: 50, program: there.program };
  try {
    const code = await shipDrill("prod", name, options, io, pace);
    return { code, out: io.stdout, err: io.stderr };
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    return { code: error.exit, out: io.stdout, err: io.stderr + error.message };
  }
}
const made = () => there.asked.filter((l) => l.startsWith("kubectl create")).length;

test("a copy that has the noted event passes, and nothing of the drill is left", async () => {
  await cluster();
  const before = objects();
  const done = await drill({ json: true });
  expect(done.code).toBe(0);
  expect(JSON.parse(done.out)).toMatchObject({
    schema: "roadstead/drill/1",
    ship: "~sampel-palnet",
    verdict: "pass",
    event: 500,
    noted: { event: 500 },
    snapshot: { id: "snap-0a", takenAt: "2026-11-21T02:00:00Z" },
    left: [],
  });
  expect(made()).toBe(8);
  expect(objects()).toEqual(before);
});

test("the newest snapshot of the ship's own volume is looked at, on a disk as large and as encrypted, without its tags", async () => {
  await cluster();
  there.snapshots = [
    { id: "snap-0c", at: "2026-11-21T02:00:00Z", volume: "vol-1" },
    { id: "snap-0b", at: "2026-11-20T02:00:00Z", volume: "vol-1" },
  ];
  const made = new Map<string, Thing>();
  const put = there.put.bind(there);
  there.put = (o) => {
    made.set(o.kind, o);
    put(o);
  };
  expect((await drill()).code).toBe(0);
  expect(asked()).toContain("--filters Name=volume-id,Values=vol-1");
  expect(made.get("VolumeSnapshotContent")!.spec).toMatchObject({ source: { snapshotHandle: "snap-0c" } });
  expect(made.get("PersistentVolumeClaim")!.spec).toMatchObject({ resources: { requests: { storage: "40Gi" } } });
  expect(made.get("StorageClass")!.parameters).toEqual({ type: "gp3", encrypted: "true" });
  // DNS shows namespaces to every pod.
  expect(made.get("Namespace")!.metadata.name).not.toContain("sampel");
});

test("a snapshot object of the ship's own claim is as good as the provider's id", async () => {
  await cluster();
  const status = { readyToUse: true, creationTime: "2026-11-21T03:00:00Z", boundVolumeSnapshotContentName: "c" };
  const of = (name: string, claim: string): Thing => ({
    kind: "VolumeSnapshot",
    metadata: { name, namespace: ship.tenant },
    spec: { source: { persistentVolumeClaimName: claim } },
    status,
  });
  there.put(of("ours", `pier-${ship.id}`));
  there.put(of("theirs", "pier-of-another"));
  there.put({ kind: "VolumeSnapshotContent", metadata: { name: "c" }, status: { snapshotHandle: "snap-of-object" } });
  expect((await drill({ snapshot: "theirs" })).err).toMatch(/no such snapshot/);
  expect(JSON.parse((await drill({ snapshot: "ours", json: true })).out)).toMatchObject({
    verdict: "pass",
    snapshot: { id: "snap-of-object", takenAt: "2026-11-21T03:00:00Z" },
  });
});

test.each<[string, Script, number, RegExp]>([
  ["fails a copy that is behind", { log: log(499) }, 1, /^FAIL .*1 behind the noted 500/],
  ["fails a copy that cannot be read", { pod: ended(1), log: "mars: corrupt pier\n" }, 1, /^FAIL .*ended with 1/],
  ["fails a look that names no event", { log: "" }, 1, /^FAIL .*named no event/],
  ["says inconclusive where no stop was noted", { noted: "none" }, 5, /^INCONCLUSIVE .*had noted none/],
  [
    "says inconclusive where the stop was noted after the snapshot",
    { log: log(400), notedAt: "2026-11-21T09:00:00Z" },
    5,
    /^INCONCLUSIVE .*100 behind the 500 noted at 2026-11-21T09:00:00Z, after it was taken/,
  ],
])("%s, and takes everything away", async (_, script, code, says) => {
  await cluster(script);
  const before = objects();
  const done = await drill();
  expect(done.out).toMatch(says);
  expect(done.out).toMatch(/no ship may be started from it/);
  expect(done.code).toBe(code);
  expect(objects()).toEqual(before);
});

test.each<[string, Script, RegExp, number]>([
  [
    "on another cluster, by its claim",
    { holder: "prod/t-ffffffffff" },
    /belongs to prod\/t-ffffffffff.*right cluster/,
    2,
  ],
  [
    "without rights",
    { refuse: "get lease", why: "error: You must be logged in to the server (Unauthorized)" },
    /logged in/,
    13,
  ],
])("is refused %s, before anything is made", async (_, script, why, code) => {
  await cluster(script);
  const done = await drill();
  expect(done).toMatchObject({ code, out: "" });
  expect(done.err).toMatch(why);
  expect(made()).toBe(0);
});

test("a snapshot of another volume, one that is not there, and no snapshot at all are refused before anything is made", async () => {
  await cluster();
  there.snapshots = [{ id: "snap-0f", at: "2026-11-21T02:00:00Z", volume: "vol-of-another" }];
  expect((await drill({ snapshot: "snap-0f" })).err).toMatch(/is of volume vol-of-another; accepted: one of vol-1/);
  there.snapshots = [];
  expect((await drill({ snapshot: "snap-0f" })).err).toMatch(/is not there/);
  expect((await drill({ snapshot: "by-name" })).err).toMatch(/no such snapshot of pier-sampel-palnet/);
  expect((await drill()).err).toMatch(
    /no snapshot of its volume vol-1 was found.*aws ec2 describe-snapshots --region us-west-2/,
  );
  expect((await drill({}, "~zod")).err).toMatch(/no lock of prod holds it/);
  expect(made()).toBe(0);
});

test("a snapshot whose volume could not be asked never passes, whatever its event", async () => {
  await cluster({ log: log(9000) });
  there.snapshots = null;
  const done = await drill({ snapshot: "snap-0f" });
  expect(done.out).toMatch(/^INCONCLUSIVE .*event 9000.*whose volume it is of could not be asked/);
  expect(done.code).toBe(5);
  there.script = { ...there.script, log: log(499) };
  expect((await drill({ snapshot: "snap-0f" })).code).toBe(1);
});

test("a ship on a host has nothing to drill, and no cluster is asked", async () => {
  await cluster();
  fs.writeFileSync(
    path.join(dir, "h.yaml"),
    "environment: dev\nships: [~litzod]\nplatform: vps\nregions: { allowed: [nyc3] }\n",
  );
  expect((await roadstead(dir, ["plan", "h.yaml", "--stack", "dev", "--write"])).code).toBe(0);
  const done = await roadstead(dir, ["ship", "drill", "dev", "~litzod"]);
  expect(done).toMatchObject({ code: 2, stdout: "" });
  expect(done.stderr).toMatch(/lives on host .*not snapshotted/);
});

test("what cannot be made is said, and what was made before it is taken away", async () => {
  await cluster({});
  const before = objects();
  there.script = { ...there.script, refuse: "logs" };
  const done = await drill();
  expect(done.code).toBe(1);
  expect(done.err).toMatch(/kubectl logs: .*Forbidden/);
  expect(done.out).toBe("");
  expect(objects()).toEqual(before);
  there.script = { ...there.script, refuse: "create", why: 'error: no matches for kind "VolumeSnapshotContent"' };
  expect((await drill()).err).toMatch(/no matches for kind/);
  expect(objects()).toEqual(before);
});

test("a look that does not end is out of time, and is no pass", async () => {
  await cluster({ pod: { phase: "Pending" } });
  const before = objects();
  const done = await drill({ minutes: 0.001 });
  expect(done.code).toBe(9);
  expect(done.out).toMatch(/^FAIL .*did not end in time/);
  expect(objects()).toEqual(before);
});

test("Ctrl-C takes away what it made, judges nothing, and says how to go on", async () => {
  await cluster({ pod: { phase: "Pending" } });
  const before = objects();
  const running = drill();
  while (!asked().includes("get pods")) await new Promise((r) => setTimeout(r, 20));
  process.emit("SIGINT", "SIGINT");
  const done = await running;
  expect(done).toMatchObject({ code: 8, out: "" });
  expect(done.err).toMatch(/nothing was judged\. Again: roadstead ship drill prod ~sampel-palnet/);
  expect(objects()).toEqual(before);
  expect(process.listenerCount("SIGINT")).toBe(0);
});

test("a disk that stays is named with the command that deletes it, and the drill did not pass", async () => {
  await cluster({ keepsDisk: true });
  const done = await drill();
  expect(done.code).toBe(1);
  expect(done.err).toMatch(
    /not taken away: persistentvolume\/pv-copy\. It is a copy of a pier: kubectl delete persistentvolume\/pv-copy/,
  );
  expect(done.out).not.toMatch(/is gone/);
});

test("--dry-run asks nobody and prints what would be applied; --out keeps verdict and manifests, and no secret", async () => {
  await cluster();
  const dry = await drill({ dryRun: true, snapshot: "snap-0a" });
  expect(dry.code).toBe(0);
  expect(dry.out).toMatch(/^---\napiVersion: v1\nkind: Namespace/);
  expect(there.asked).toEqual([]);
  expect((await drill({ dryRun: true })).err).toMatch(/--dry-run needs --snapshot/);
  expect((await drill({ out: "kept" })).code).toBe(0);
  const kept = filesIn(path.join(dir, "kept"));
  expect(Object.keys(kept)).toEqual([
    expect.stringMatching(/^drill-\d{4}-\d\d-\d\d-[0-9a-f]{6}\.json$/),
    expect.stringMatching(/\.yaml$/),
  ]);
  expect(JSON.stringify(kept)).not.toMatch(/(?<!automountServiceAccount)token|secret|password/i);
});

test("programs get their arguments as they are, and one that is missing is named", async () => {
  const io = { cwd: workspace(), env: process.env };
  const echo = await runProgram(io, process.execPath, ["-e", "console.log(process.argv[1])", "a b; $(c) 'd'"]);
  expect(echo).toEqual({ code: 0, out: "a b; $(c) 'd'\n", err: "" });
  await expect(runProgram({ ...io, env: { PATH: io.cwd } }, "kubectl", [])).rejects.toThrow(/kubectl is needed/);
});

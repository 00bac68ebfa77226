// `roadstead ship drill STACK ~NAME`: looks whether a snapshot can be read and how far it got, where there is no ship and no
// network, and takes everything away again. It starts no ship, and no verdict says that one may be started.
import { randomBytes } from "node:crypto";
import * as path from "node:path";
import { stringify } from "yaml";
import { drillProblems, type DrillVerdict, judgeDrill, renderDrill } from "../../components/backup/render/drill";
import { isStackOf } from "../../planner/architecture/identity";
import type { Architecture, LockedShip } from "../../planner/architecture/schema";
import { parseStackFile } from "../../planner/architecture/stack-file";
import { EXIT, type ExitCode, refuseLocks, usage } from "../exit";
import { rootOfOutput, writeAll } from "../files";
import { type Io, painter } from "../io";
import { outputDirectory } from "../outputs";
import { projectOf, readStackFile, stackFiles } from "../project";
import { copyOf, diskOf, notedOf } from "./drill-facts";
import { type Around, awaitLook, makeDrill, removeDrill, type Seen } from "./drill-run";
import { Kubectl, type KubectlOptions, type Program, runProgram } from "./kubectl";

export interface ShipDrillOptions extends KubectlOptions {
  /** The provider's id of a snapshot, or the name of a snapshot object. Default the newest. */
  snapshot?: string;
  json?: boolean;
  /** Directory for the verdict and what was applied. */
  out?: string;
  /** Prints what would be applied and asks no cluster. */
  dryRun?: boolean;
  /** For the look. */
  minutes?: number;
}

/** What a test does not wait for. */
interface Pace {
  pauseMs?: number;
  removalMs?: number;
  graceMs?: number;
}

const MINUTES = 60;
/** A disk is detached and deleted by its driver in minutes. */
const REMOVAL_MS = 10 * 60_000;
/** What the job's own limit does not cover: its pod's end. */
const GRACE_MS = 2 * 60_000;

export async function shipDrill(
  stack: string,
  name: string,
  options: ShipDrillOptions,
  io: Io,
  { program = runProgram, ...pace }: Pace & { program?: Program } = {},
): Promise<ExitCode> {
  const out = options.out === undefined ? null : outputDirectory(io, options.out);
  const { ship, architecture } = shipOf(io, stack, name);
  const seconds = (options.minutes ?? MINUTES) * 60;
  const began = new Date();
  const shared = {
    // No ship in it: DNS shows namespaces to every pod.
    id: `${began.toISOString().slice(0, 10)}-${randomBytes(3).toString("hex")}`,
    ship: ship.id,
    image: architecture.image,
    loom: ship.loom,
    limitMiB: ship.limitMiB,
    kubernetes: architecture.versions.kubernetes ?? null,
    deadlineSeconds: seconds,
  };
  refuse(drillProblems({ ...shared, snapshotHandle: options.snapshot ?? "newest", diskGiB: ship.diskGiB }));
  if (options.dryRun) {
    io.out(manifests(renderDrill({ ...shared, ...offline(architecture, options), diskGiB: ship.diskGiB }).objects));
    return EXIT.done;
  }

  const kubectl = new Kubectl(io, options, program);
  const noted = await notedOf(kubectl, ship, architecture.stack);
  const disk = await diskOf(kubectl, ship);
  const copy = await copyOf({ io, kubectl, program }, ship, disk, architecture, options.snapshot);
  const drill = renderDrill({
    ...shared,
    snapshotHandle: copy.handle,
    driver: disk.driver,
    // Without a class of its own a disk at AWS is still to be encrypted: the renderer's default.
    ...(disk.parameters === null ? {} : { parameters: disk.parameters }),
    diskGiB: disk.gib,
  });
  io.err(
    `${name}: looks at ${copy.handle}${copy.takenAt === null ? "" : ` of ${copy.takenAt}`} in ${drill.namespace}\n`,
  );
  const interrupted = new AbortController();
  const onSignal = (): void => {
    if (!interrupted.signal.aborted) io.err("stops here, and takes away what it made\n");
    interrupted.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  const around: Around = {
    signal: interrupted.signal,
    say: (text) => io.err(`  ${text}\n`),
    pauseMs: pace.pauseMs ?? 2000,
    limitMs: { look: seconds * 1000 + (pace.graceMs ?? GRACE_MS), removal: pace.removalMs ?? REMOVAL_MS },
  };
  let seen: Seen | null = null;
  let left: string[];
  try {
    try {
      await makeDrill(kubectl, drill, around);
      seen = await awaitLook(kubectl, drill, around);
    } finally {
      left = await removeDrill(kubectl, drill, around).catch((error: unknown) => {
        io.err(`${error instanceof Error ? error.message : String(error)}\n`);
        return drill.remove.map((r) => `${r.kind.toLowerCase()}/${r.name}`);
      });
      if (left.length > 0)
        io.err(`not taken away: ${left.join(", ")}. It is a copy of a pier: kubectl delete ${left.join(" ")}\n`);
    }
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
  if (seen.ended === "interrupted") {
    io.err(`stopped; nothing was judged. Again: roadstead ship drill ${stack} ${name}\n`);
    return EXIT.cancelled;
  }
  const verdict = judgeDrill({ ...seen, noted: noted.event, notedAt: noted.at, takenAt: copy.takenAt, own: copy.own });
  const report = {
    schema: "roadstead/drill/1",
    drill: shared.id,
    stack: architecture.stack,
    ship: ship.name ?? ship.id,
    snapshot: { id: copy.handle, takenAt: copy.takenAt },
    noted: { event: noted.event, at: noted.at },
    ...verdict,
    image: `${architecture.image.repository}@${architecture.image.digest}`,
    began: began.toISOString(),
    seconds: Math.round((Date.now() - began.getTime()) / 1000),
    left,
  };
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (out !== null) write(io, options.out!, out, shared.id, text, manifests(drill.objects));
  io.out(options.json ? text : spoken(report, io));
  if (left.length > 0) return EXIT.failed;
  return seen.ended === "out of time" ? EXIT.timeout : EXITS[verdict.verdict];
}

/** Only a pass passes: what is not known is not yes. */
const EXITS: Record<DrillVerdict["verdict"], ExitCode> = {
  pass: EXIT.done,
  fail: EXIT.failed,
  inconclusive: EXIT.refused,
};

function shipOf(io: Io, stack: string, name: string): { ship: LockedShip; architecture: Architecture } {
  const project = projectOf(io);
  readStackFile(io, project, stack);
  const files = Object.entries(stackFiles(io, project))
    .map(([file, text]) => parseStackFile(file, text))
    .filter((f) => f.stack === stack || isStackOf(stack, f.stack));
  refuseLocks(files.flatMap((f) => f.problems));
  for (const { architecture } of files) {
    const ship = architecture?.ships.find((s) => s.name === name || (s.name === null && s.id === name));
    if (!architecture || ship === undefined) continue;
    if (ship.host !== null)
      throw usage(
        `${name}: lives on host ${ship.host}; accepted: a ship on a cluster. Volumes of hosts are not snapshotted, so there is nothing to look at`,
      );
    if (!architecture.isolation.networkPolicies)
      throw usage(
        `${name}: its cluster enforces no network policies; accepted: one that does. A copy must not reach the network`,
      );
    return { ship, architecture };
  }
  throw usage(`${name}: no lock of ${stack} holds it; accepted: a ship of roadstead ship list ${stack}`);
}

function refuse(problems: ReturnType<typeof drillProblems>): void {
  if (problems.length === 0) return;
  throw usage(problems.map((p) => `${p.path}: received ${p.received}; accepted: ${p.accepted}; ${p.fix}`).join("\n"));
}

/** Without a cluster only the clouds' own drivers are known. */
function offline(
  { provider }: Architecture,
  { snapshot }: ShipDrillOptions,
): { snapshotHandle: string; driver?: string; parameters?: Record<string, string> } {
  if (snapshot === undefined) throw usage("--dry-run needs --snapshot ID: no cluster and no cloud is asked");
  if (provider === "aws") return { snapshotHandle: snapshot };
  if (provider === "digitalocean")
    return { snapshotHandle: snapshot, driver: "dobs.csi.digitalocean.com", parameters: {} };
  throw usage(
    "--dry-run: the cluster's storage driver is not known offline; accepted: a cluster at AWS or DigitalOcean",
  );
}

const manifests = (objects: readonly unknown[]): string =>
  objects.map((o) => `---\n${stringify(o, { aliasDuplicateObjects: false })}`).join("");

function write(io: Io, given: string, dir: string, id: string, verdict: string, applied: string): void {
  const root = rootOfOutput(io, given);
  writeAll([
    { root, path: path.join(dir, `drill-${id}.json`), text: verdict },
    { root, path: path.join(dir, `drill-${id}.yaml`), text: applied },
  ]);
  io.err(`2 files in ${given}\n`);
}

function spoken(
  {
    ship,
    snapshot,
    verdict,
    reason,
    left,
  }: { ship: string; snapshot: { id: string } } & DrillVerdict & {
      left: string[];
    },
  io: Io,
): string {
  const paint = painter(io);
  const colour = verdict === "pass" ? "green" : verdict === "fail" ? "red" : "yellow";
  return (
    `${paint(colour, verdict.toUpperCase())}  ${ship}, ${snapshot.id}: ${reason}\n` +
    `${left.length === 0 ? "Everything the drill made is gone. " : ""}The copy is an archive: no ship may be started from it.\n`
  );
}

// `roadstead ship import FILE ~NAME --pier PATH`: an existing pier comes in, with its owner's word for the place it comes from.
// The word goes into the requirements; the pier is moved by the script this prints once the lock knows the ship.
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { HostKind } from "../../components/host/render/settings";
import type { Attestation, RequestedShip } from "../../planner/requirements/schema";
import { readName } from "../../planner/requirements/ships";
import { shipIn, withAttestation, withShip } from "../../planner/ships/document";
import { lookAtPier, type PierLook } from "../../planner/ships/pier";
import { recordedShip, standingProblems, type Recorded } from "../../planner/ships/standing";
import { EXIT, type ExitCode, usage } from "../exit";
import { rootOfOutput, writeAll } from "../files";
import type { Io } from "../io";
import { upCommand } from "../next-steps";
import { type ShipSizes, sizes } from "./add";
import { clusterScript, hostScript, type PierSource } from "./import-script";
import { type PierFiles, pierFiles } from "./pier-files";
import { edited, planCommand, refuseProblems, wished, type Wishes, wishesOf, writeWishes } from "./wishes";

export interface ShipImportOptions extends ShipSizes {
  pier: string;
  sourceStoppedForGood?: boolean;
  by?: string;
  atEvent?: number;
  /** A vere of this machine that may look at the pier. */
  vere?: string;
  /** File to write the steps into. */
  script?: string;
}

export async function shipImport(file: string, name: string, options: ShipImportOptions, io: Io): Promise<ExitCode> {
  refuseWithoutWord(name, options);
  const wishes = wishesOf(io, file);
  const given = await pierFiles(io, options.pier);
  const folder = path.basename(given.path);
  const look = lookAtPier(given.entries, folder);
  const loom = options.loom ?? wished(wishes.requirements, name)?.loom ?? wishes.requirements.ships.loom;
  const problems = [...look.problems, ...foreign(look, name)].map(
    (p) => `--pier ${options.pier}: received ${p.received}; accepted: ${p.accepted}. ${p.fix}`,
  );
  if (problems.length > 0) throw usage([...problems, "nothing was written"].join("\n"));
  const atEvent = eventOf(given, look, options, loom, io);
  const word: Attestation = { sourceStoppedForGood: true, atEvent, by: options.by! };
  const { wish, text } = attested(wishes, name, word, options);
  refuseTooSmall(wish, look);
  writeWishes(io, wishes, text);
  io.err(
    `${name} is imported in ${file}: ${options.by} says that it was stopped for good at event ${atEvent}\n` +
      (look.ship === null ? "whose pier it is could not be read from it: make sure that it is this ship's\n" : ""),
  );
  const source: PierSource = { path: given.path, format: given.format, root: look.root!, bytes: look.bytes };
  steps(io, wishes, recordedShip(wish, wishes.previous, wishes.stack), word, source, options);
  return EXIT.done;
}

function refuseWithoutWord(name: string, { sourceStoppedForGood, by }: ShipImportOptions): void {
  if (readName(name) === null) throw usage(`${name}: accepted: the ship's @p, such as ~sampel-palnet`);
  if (!sourceStoppedForGood)
    throw usage(
      `--source-stopped-for-good is missing. It says that ${name} was stopped cleanly where it ran, that this pier was taken ` +
        "after that, and that it never runs there again. Nobody can check it. If it is not true there will be two copies, or an " +
        "old one: its peers then no longer understand it, and only a breach from its owner's wallet repairs that, which costs the " +
        "ship its data. Nothing was written",
    );
  if (by === undefined || by.trim() === "")
    throw usage("--by NAME is missing: who says that the source is stopped for good. Nothing was written");
}

/** Another ship's pier would run under this one's claim, and its own claim would know nothing of it. */
function foreign({ ship, folder }: PierLook, name: string): PierLook["problems"] {
  const accepted = `the pier of ${name}`;
  if (ship !== null)
    return ship === name
      ? []
      : [{ received: `the pier of ${ship}`, accepted, fix: `name ${ship}, or give another pier` }];
  if (folder !== null && folder !== name)
    return [
      {
        received: `a folder called as ${folder}, and no event log that says otherwise`,
        accepted,
        fix: `if it is the pier of ${name}, call the folder so`,
      },
    ];
  return [];
}

function eventOf(given: PierFiles, look: PierLook, { atEvent, vere }: ShipImportOptions, loom: number, io: Io): number {
  const hint = "`urbit info PIER` says it where the ship was stopped: event=N";
  if (vere === undefined) {
    if (atEvent === undefined)
      throw usage(
        `--at-event N is missing: the event of the stop, so that no older copy is ever run. ${hint}; or --vere PATH of a vere on ` +
          "this machine that may look, for a folder. Nothing was written",
      );
    return atEvent;
  }
  if (given.format !== "directory")
    throw usage(`--vere: looks into a folder only, and this is ${given.format}; accepted: --at-event N. ${hint}`);
  const pier = path.join(given.path, look.root!);
  const { stdout, stderr, error } = spawnSync(vere, ["info", "--loom", String(loom), pier], {
    encoding: "utf8",
    cwd: io.cwd,
    env: io.env,
  });
  const found = [...`${stdout}\n${stderr}`.matchAll(/disk: live=[^,\n]*, event=(\d+)/g)].at(-1)?.[1];
  if (error !== undefined || found === undefined)
    throw usage(`--vere ${vere}: could not read the pier's event; accepted: the vere it ran on. Nothing was written`);
  const event = Number(found);
  if (atEvent !== undefined && atEvent !== event)
    throw usage(
      `--at-event ${atEvent}: the pier is at event ${event}; accepted: the event of the stop this pier was taken at. ` +
        `${event < atEvent ? "It is an older copy, which must never run" : "It ran on after that stop"}. Nothing was written`,
    );
  return event;
}

function attested(
  wishes: Wishes,
  name: string,
  word: Attestation,
  options: ShipImportOptions,
): { wish: RequestedShip; text: string } {
  const there = shipIn(wishes.text, name);
  const before = typeof there?.imported === "object" ? there.imported : null;
  if (before?.atEvent !== undefined && before.atEvent > word.atEvent!)
    throw usage(
      `${wishes.file}: ${name} is imported at event ${before.atEvent}, and this pier is at event ${word.atEvent}; ` +
        "accepted: that event or a later one. An older copy never runs. Nothing was written",
    );
  if (there?.key !== undefined)
    throw usage(
      `${wishes.file}: ${name} has a key; accepted: a ship without one. A pier that was booted has used its key: ` +
        "take key out of its line. Nothing was written",
    );
  const given = Object.keys(sizes(options));
  if (there !== null && given.length > 0)
    throw usage(
      `${wishes.file}: ${name} is there already; accepted: ${given.join(", ")} in its own line. Nothing was written`,
    );
  const added =
    there === null ? edited(wishes, withShip(wishes.text, { name, ...sizes(options), imported: word })) : null;
  const next = added ?? edited(wishes, withAttestation(wishes.text, name, word));
  const same = before !== null && before.atEvent === word.atEvent && before.by === word.by;
  const wish = wished(next.requirements, name)!;
  refuseProblems(standingProblems(wish, next.requirements, wishes.previous, wishes.stack));
  return { wish, text: same ? wishes.text : next.text };
}

function refuseTooSmall({ diskGiB }: RequestedShip, { bytes }: PierLook): void {
  const gib = bytes / 1024 ** 3;
  if (gib < diskGiB) return;
  throw usage(
    `the pier has ${gib.toFixed(1)} GiB, and its volume ${diskGiB}; accepted: a larger volume, with room to grow. ` +
      `Give --disk ${Math.ceil(gib * 2)}, or set diskGiB where its line stands. Nothing was written`,
  );
}

/** Until the lock holds the ship as imported at that event there is no volume to bring the pier to. */
function steps(
  io: Io,
  wishes: Wishes,
  here: Recorded | null,
  word: Attestation,
  source: PierSource,
  options: ShipImportOptions,
): void {
  if (here === null || here.ship.attestation?.atEvent !== word.atEvent) {
    io.err("then the same command again: it gives the steps that bring the pier in\n");
    io.out([planCommand(wishes), upCommand(wishes.stack), ""].join("\n"));
    return;
  }
  const { ship, file } = here;
  const host = file.architecture!.hosts.find((h) => h.name === ship.host);
  if (host?.kind === HostKind.GroundSeg) {
    // Its own way in asks no claim and checks no event.
    io.out(
      `# GroundSeg takes piers by an upload on its own page, which \`pulumi up\` said how to reach: ${source.path}\n`,
    );
    return;
  }
  const script =
    host === undefined
      ? clusterScript(ship, file.architecture!.stack, word.atEvent!, source)
      : hostScript(ship, word.atEvent!, source);
  if (options.script === undefined) {
    io.out(script);
    return;
  }
  writeAll([{ root: rootOfOutput(io, options.script), path: options.script, text: script }]);
  io.out(`sh ${options.script}${host === undefined ? "" : " USER@ADDRESS"}\n`);
}

// `roadstead ship add FILE ~NAME`: a ship more in the requirements. Nothing is made before `plan --write` and `up`.
import * as fs from "node:fs";
import * as path from "node:path";
import { shipId } from "../../planner/architecture/identity";
import type { NamedShipInput } from "../../planner/requirements/schema";
import { readName } from "../../planner/requirements/ships";
import { shipIn, withShip } from "../../planner/ships/document";
import { isKey } from "../../planner/ships/pier";
import { standingProblems } from "../../planner/ships/standing";
import { EXIT, type ExitCode, usage } from "../exit";
import type { Io } from "../io";
import { upCommand } from "../next-steps";
import { formatOfFile } from "./pier-files";
import { edited, planCommand, refuseProblems, wished, wishesOf, writeWishes } from "./wishes";

export interface ShipSizes {
  customer?: string;
  memory?: number;
  disk?: number;
  loom?: number;
}

export interface ShipAddOptions extends ShipSizes {
  /** Name of the Pulumi config secret with its boot key. */
  key?: string;
  fake?: boolean;
}

export async function shipAdd(file: string, name: string, options: ShipAddOptions, io: Io): Promise<ExitCode> {
  if (options.key !== undefined) await refuseKeyItself(io, name, options.key);
  const wishes = wishesOf(io, file);
  const ship: NamedShipInput = {
    ...asWished(name),
    ...sizes(options),
    ...(options.key === undefined ? {} : { key: { secret: options.key } }),
    ...(options.fake ? { fake: true } : {}),
  };
  if (shipIn(wishes.text, name) !== null)
    throw usage(`${file}: ${name} is there already; accepted: a ship it does not name. Nothing was written`);
  const next = edited(wishes, withShip(wishes.text, ship));
  const wish = wished(next.requirements, name)!;
  refuseProblems(standingProblems(wish, next.requirements, wishes.previous, wishes.stack));
  writeWishes(io, wishes, next.text);
  io.err(`${name} is in ${file} now, a ${wish.class}${next.notes.map((n) => `; ${n}`).join("")}\n`);
  const id = shipId(wish);
  const needsKey = wish.class !== "comet" && !wish.fake;
  const secret = options.key ?? `${id}-key`;
  io.out(
    [
      ...(needsKey && options.key === undefined
        ? [`# \`up\` refuses ${name} until it has a key: put key: { secret: ${secret} } behind its name in ${file}`]
        : []),
      planCommand(wishes),
      ...(needsKey ? [`pulumi config set --secret --stack ${wishes.stack} ${secret} < ${id}.key`] : []),
      upCommand(wishes.stack),
      "",
    ].join("\n"),
  );
  return EXIT.done;
}

/** A comet that is not mined yet has a nickname, everybody else an @p. */
export function asWished(name: string): NamedShipInput {
  return name.startsWith("~") || readName(`~${name}`) !== null ? { name } : { nickname: name };
}

export const sizes = ({ customer, memory, disk, loom }: ShipSizes): NamedShipInput => ({
  ...(customer === undefined ? {} : { customer }),
  ...(memory === undefined ? {} : { memoryGiB: memory }),
  ...(disk === undefined ? {} : { diskGiB: disk }),
  ...(loom === undefined ? {} : { loom }),
});

/** What is asked for is the name of a secret. Neither the key, which would be recorded here, nor a file, nor a pier. */
async function refuseKeyItself(io: Io, name: string, key: string): Promise<void> {
  const set = `accepted: the name of a Pulumi config secret. Set it with: pulumi config set --secret NAME < FILE`;
  if (isKey(key))
    throw usage(`--key: a boot key itself, which is not shown; ${set}. Rotate it if others may have seen it`);
  const full = path.resolve(io.cwd, key);
  if (!fs.existsSync(full)) return;
  const stat = fs.statSync(full);
  const what = stat.isDirectory() ? "a folder" : stat.isFile() ? await formatOfFile(full) : null;
  if (what === null) throw usage(`--key ${key}: a file; ${set}`);
  if (what === "key") throw usage(`--key ${key}: the key file itself; ${set}`);
  throw usage(
    `--key ${key}: ${what === "a folder" ? what : `an archive (${what})`}, not a key; ${set}. ` +
      `A pier that exists is brought in with: roadstead ship import FILE ${name} --pier ${key} …`,
  );
}

// `roadstead ship remove FILE ~NAME`: a ship less in the requirements. Its volume is kept, its name stays taken.
import { isStackOf } from "../../planner/architecture/identity";
import { claimOf } from "../../planner/architecture/run-state";
import { withoutShip } from "../../planner/ships/document";
import { recordedShip, type Recorded } from "../../planner/ships/standing";
import { EXIT, type ExitCode } from "../exit";
import type { Io } from "../io";
import { upCommand } from "../next-steps";
import { edited, planCommand, refuseProblems, wished, wishesOf, writeWishes } from "./wishes";

export async function shipRemove(file: string, name: string, _options: object, io: Io): Promise<ExitCode> {
  const wishes = wishesOf(io, file);
  const wish = wished(wishes.requirements, name);
  const next = edited(wishes, withoutShip(wishes.text, name));
  // What a lock that cannot be read says of the ship is not known.
  refuseProblems(
    [...wishes.previous.values()].filter((f) => isStackOf(wishes.stack, f.stack)).flatMap((f) => f.problems),
  );
  writeWishes(io, wishes, next.text);
  const here = wish === undefined ? null : recordedShip(wish, wishes.previous, wishes.stack);
  const moons = next.requirements.ships.named.filter((s) => s.parent !== null && s.parent === name);
  const lines = [
    `${name} is out of ${file}${next.notes.map((n) => `; ${n}`).join("")}`,
    ...whatStays(name, here),
    ...(moons.length > 0 ? [`its moons stay and are reached through it: ${moons.map((m) => m.name).join(", ")}`] : []),
  ];
  io.err(`${lines.join("\n")}\n`);
  io.out([planCommand(wishes), upCommand(wishes.stack), ""].join("\n"));
  return EXIT.done;
}

function whatStays(name: string, here: Recorded | null): string[] {
  if (here === null) return ["no lock holds it: nothing of it was made"];
  if (claimOf(here.ship, here.file.runState) === "unclaimed") return ["nothing of it was made: it leaves no trace"];
  return [
    "its volume is kept, whatever `up` takes away: a pier cannot be made again",
    `a tombstone stays in lock and claim: ${name} can come back, or run elsewhere, only once a clean stop of it is recorded`,
    ...(here.ship.host === null
      ? []
      : [
          "on a host of a provider `up` stops at its protected volume, takes nothing, and names the command that lets go of it",
          `on an own host it runs on until you end it there, and the next set-up refuses until then: sudo systemctl disable --now roadstead-ship@${here.ship.id} && sudo rm /etc/roadstead/ships/${here.ship.id}.env`,
        ]),
  ];
}

// `roadstead ship …`: the commands that speak of one ship. Each is a file of its own, loaded when it is called.
import { type Command, InvalidArgumentError } from "commander";
import type { ExitCode } from "../exit";
import type { Io } from "../io";
import type { ShipAddOptions } from "./add";
import type { ShipDrillOptions } from "./drill";
import type { ShipImportOptions } from "./import";
import type { ShipListOptions } from "./list";
import type { ShipSealOptions } from "./seal";
import type { ShipUpgradeOptions } from "./upgrade";

/* eslint-disable @typescript-eslint/no-require-imports -- a plain require keeps loading lazy and synchronous */
const commands = {
  list: () => (target: string, options: ShipListOptions, io: Io) =>
    (require("./list") as typeof import("./list")).shipList(target, options, io),
  add: () => (file: string, name: string, options: ShipAddOptions, io: Io) =>
    (require("./add") as typeof import("./add")).shipAdd(file, name, options, io),
  import: () => (file: string, name: string, options: ShipImportOptions, io: Io) =>
    (require("./import") as typeof import("./import")).shipImport(file, name, options, io),
  drill: () => (stack: string, name: string, options: ShipDrillOptions, io: Io) =>
    (require("./drill") as typeof import("./drill")).shipDrill(stack, name, options, io),
  seal: () => (stack: string, options: ShipSealOptions, io: Io) =>
    (require("./seal") as typeof import("./seal")).shipSeal(stack, options, io),
  upgrade: () => (host: string, name: string, version: string | undefined, options: ShipUpgradeOptions, io: Io) =>
    (require("./upgrade") as typeof import("./upgrade")).shipUpgrade(host, name, version, options, io),
  remove: () => (file: string, name: string, options: object, io: Io) =>
    (require("./remove") as typeof import("./remove")).shipRemove(file, name, options, io),
};
/* eslint-enable @typescript-eslint/no-require-imports */

type Action = <A extends unknown[]>(
  command: () => (...args: [...A, Io]) => Promise<ExitCode>,
) => (...args: unknown[]) => Promise<void>;

const aNumber = (value: string): number => {
  if (!/^\d{1,5}(\.\d+)?$/.test(value)) throw new InvalidArgumentError("accepted: a number.");
  return Number(value);
};

const anEvent = (value: string): number => {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError("accepted: a whole number from 1.");
  return Number(value);
};

export function shipCommands(program: Command, action: Action): void {
  const ship = program
    .command("ship")
    .summary("list, add, import, upgrade, remove and drill single ships")
    .description(
      "Commands that speak of one ship. What changes goes into the requirements; `plan --write` and `up` follow.",
    );

  ship
    .command("list")
    .summary("every ship the locks hold, and those that left")
    .description(
      "List every ship the locks hold, those that left with their names blocked, and those only the file knows.",
    )
    .argument("<stack-or-file>", "a recorded stack, or a requirements file")
    .option("--json", "print the ships as one JSON object")
    .action(action(commands.list));

  sizing(
    ship
      .command("add")
      .summary("add a ship to a requirements file")
      .description("Add a ship to a requirements file, and print the next commands.")
      .argument("<file>", "requirements file, YAML or JSON")
      .argument("<name>", "the ship's @p; for a comet that is not mined yet a nickname"),
  )
    .option("--key <secret>", "name of the Pulumi config secret with its boot key")
    .option("--fake", "a fake ship: no network, no key")
    .action(action(commands.add));

  sizing(
    ship
      .command("import")
      .summary("bring in an existing pier")
      .description(
        "Bring in an existing pier, with its owner's word that it never runs anywhere else again; prints the steps that move it.",
      )
      .argument("<file>", "requirements file, YAML or JSON")
      .argument("<name>", "the ship's @p"),
  )
    .requiredOption("--pier <path>", "the ship's folder, or a .tar, .tar.gz, .tar.zst or .zip of it")
    .option("--source-stopped-for-good", "it was stopped cleanly, and never runs there again; nobody can check it")
    .option("--by <name>", "who says so; recorded")
    .option("--at-event <n>", "event of that stop, as `urbit info` says it: an older pier is never run", anEvent)
    .option("--vere <path>", "a vere on this machine that reads the event from the folder, offline")
    .option("--script <file>", "write the steps that move the pier there, instead of printing them")
    .action(action(commands.import));

  ship
    .command("remove")
    .summary("take a ship out of a requirements file")
    .description("Take a ship out of a requirements file. Its volume is kept, and its name stays taken.")
    .argument("<file>", "requirements file, YAML or JSON")
    .argument("<name>", "the ship's @p, or a comet's nickname")
    .action(action(commands.remove));

  ship
    .command("upgrade")
    .summary("have a host give a newer vere to one of its ships")
    .description(
      "Have a host give a newer vere to one of its ships, through the host's own gates, over your own ssh. There is no way back " +
        "once it has written to the pier. Exit 5 when a gate refuses and nothing changed, 12 when there is no way back.",
    )
    .argument("<host>", "a host's name with --stack, or user@address")
    .argument("<name>", "the ship's @p, or a comet's nickname")
    .argument("[version]", "the release; with --stack what its lock says")
    .option("--stack <name>", "the stack whose lock knows the host")
    .option("--address <address>", "where the host is, instead of what the stack says")
    .option(
      "--ssh-option <option>",
      "passed to ssh as -o, such as Port=2222 (repeatable)",
      (value: string, before?: string[]) => [...(before ?? []), value],
    )
    .option("--backup-taken", "you took a snapshot of its volume since its last start; nobody can check it")
    .option("--now", "do not wait until the first ship of the host has run a day with the version")
    .action(action(commands.upgrade));

  ship
    .command("seal")
    .summary("let go of the boot keys of ships that have booted")
    .description(
      "Read the claims of a stack's ships, or the records on their hosts, and record those that have booted as sealed: the next " +
        "`up` takes their keys out of the cluster and restarts nothing, and no host takes them for new. Needs kubectl, or ssh for " +
        "hosts. Exit 5 when a claim or record cannot be read.",
    )
    .argument("<stack>", "a recorded stack")
    .option("--write", "write it to the stack's file")
    .option("--json", "print what was found as one JSON object")
    .option("--kubeconfig <file>", "as kubectl's")
    .option("--context <name>", "as kubectl's")
    .action(action(commands.seal));

  ship
    .command("drill")
    .summary("look whether a snapshot of a ship can be read, and take everything away again")
    .description(
      "Look at a snapshot of a ship where there is no ship and no network, compare its last event with the claim, and take " +
        "everything away again. Starts no ship. Needs kubectl. Exit 0 pass, 1 fail, 5 inconclusive, 8 stopped, 9 out of time.",
    )
    .argument("<stack>", "a recorded stack")
    .argument("<name>", "the ship's @p, or a comet's nickname")
    .option("--snapshot <id>", "the provider's id of a snapshot, or a snapshot object's name; default the newest")
    .option("--minutes <n>", "how long the look may take; default 60", anEvent)
    .option("--json", "print the verdict as one JSON object")
    .option("--out <dir>", "write the verdict and what was applied there")
    .option("--dry-run", "print what would be applied; asks and changes nothing")
    .option("--kubeconfig <file>", "as kubectl's")
    .option("--context <name>", "as kubectl's")
    .action(action(commands.drill));
}

function sizing(command: Command): Command {
  return command
    .option("--customer <name>", "who owns it; one namespace a customer")
    .option("--memory <GiB>", "memory", aNumber)
    .option("--disk <GiB>", "size of its volume", aNumber)
    .option("--loom <bits>", "31 to 34", aNumber);
}

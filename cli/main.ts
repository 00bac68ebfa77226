#!/usr/bin/env node
// `roadstead`: the command line. Each command is a file of its own and loaded only when it is called, so that
// `plan` starts without the SDKs `preview` needs.
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { DoctorOptions } from "./doctor";
import type { HostRenderOptions } from "./host";
import { EXIT, EXIT_MEANING, type ExitName, Stop } from "./exit";
import type { InitOptions } from "./init";
import { type Io, processIo, speaking } from "./io";
import { shipCommands } from "./ship";

/* eslint-disable @typescript-eslint/no-require-imports -- a plain require keeps loading lazy and synchronous */
const commands = {
  plan: () => (require("./plan") as typeof import("./plan")).planCommand,
  init: () => (file: string, options: InitOptions, io: Io) =>
    (require("./init") as typeof import("./init")).initCommand(file, options, io),
  preview: () => (require("./preview") as typeof import("./preview")).preview,
  doctor: () => (stack: string | undefined, options: DoctorOptions, io: Io) =>
    (require("./doctor") as typeof import("./doctor")).doctorCommand(stack, options, io),
  hostRender: () => (target: string, options: HostRenderOptions, io: Io) =>
    (require("./host") as typeof import("./host")).hostRender(target, options, io),
  schema: () => (require("./schema") as typeof import("./schema")).schemaCommand,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/** Runs one command line and says how it ended. Never throws, never exits the process. */
export async function run(argv: readonly string[], world: Io): Promise<number> {
  const io = speaking(world);
  let code: number = EXIT.done;
  const program = describe(io, (ended) => (code = ended));
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof Stop) {
      io.err(`${error.message}\n`);
      return error.exit;
    }
    io.err(`roadstead: a bug: ${error instanceof Error ? error.message : String(error)}\n`);
    if (io.env.ROADSTEAD_DEBUG === "1") io.err(`${error instanceof Error ? error.stack : "(no stack)"}\n`);
    else
      io.err("Run it again with ROADSTEAD_DEBUG=1 for the stack trace, and report it with the input that shows it.\n");
    return EXIT.bug;
  }
}

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,3}$/.test(value)) throw new InvalidArgumentError("accepted: a whole number from 1.");
  return Number(value);
}

function describe(io: Io, ended: (code: number) => void): Command {
  const program = new Command("roadstead")
    .description("Host Urbit ships, and the web apps around them, on your own cloud: plan, price, record, preview.")
    .version(version(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .showSuggestionAfterError(true)
    .showHelpAfterError("Run `roadstead --help` for the commands and their options.")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText("after", () => `\nExit codes:\n${exitTable()}`);
  const action =
    <A extends unknown[]>(command: () => (...args: [...A, Io]) => Promise<number>) =>
    async (...args: unknown[]): Promise<void> => {
      // commander hands over the arguments, the options, and then itself.
      ended(await command()(...(args.slice(0, -1) as A), io));
    };

  program
    .command("init")
    .summary("ask at most eight questions and write a requirements file")
    .description("Ask at most eight questions and write a commented requirements file; run again, it edits the file.")
    .argument("[file]", "requirements file to write or edit", "roadstead.yaml")
    .option("--answers <file>", "take the answers from a YAML or JSON file instead of asking")
    .option("--no-input", "never ask: use --answers and the defaults")
    .option("--json", "print the answers, the file and the headline of its plan as one JSON object")
    .action(action(commands.init));

  planning(
    program
      .command("plan")
      .summary("rank, price and explain every way to host the ships")
      .description("Rank, price and explain every way to host the ships; record the decision with --stack and --write.")
      .argument("<file>", "requirements file, YAML or JSON"),
  )
    .option("--json", "print the plan as one JSON object")
    .option("--html <file>", "write a self-contained report page")
    .option("--all", "show every way that lost, with its figures and what would change it")
    .option("--mermaid", "print the chosen architecture as a Mermaid diagram")
    .option("--candidate <id>", "take this feasible candidate instead of the planner's; needs --reason")
    .option("--reason <text>", "why another candidate is taken; recorded in the lock")
    .option("--stack <name>", "the stack to record the decision for: dev, staging or prod")
    .option("--write", "write the decision to stacks/Pulumi.<stack>.yaml")
    .option("--force", "replace a different recorded decision; never moves a claimed ship")
    .option("--attest-never-deployed", "say that nothing of the recorded decision was ever deployed")
    .option("--diff <stack-or-file>", "show what differs from a recorded stack or an older --json plan")
    .option("--then-preview", "preview what was chosen, or else the first change that fits")
    .action(action(commands.plan));

  planning(
    program
      .command("preview")
      .summary("show offline exactly what `pulumi up` would make")
      .description(
        "Show offline exactly what `pulumi up` would make: resource tree, cost, ship ledger, policy verdicts.",
      )
      .argument("<stack-or-file>", "a recorded stack, or a requirements file to plan and preview in one"),
  )
    .option("--json", "print the preview as one JSON object")
    .option("--out <dir>", "write graph, cost, manifests and host files there")
    .option("--change <n>", "preview the nth cheapest change that fits", wholeNumber)
    .option("--strict", "exit 5 when a mandatory policy fails")
    .action(action(commands.preview));

  program
    .command("doctor")
    .summary("what is missing before the first `pulumi up`, or how a live host is")
    .description(
      "Say what is missing before the first `pulumi up` of a stack, and the exact next commands. No network. " +
        "With a host: how it is and what to do first, read over your own ssh; nothing is changed there.",
    )
    .argument(
      "[stack-or-host]",
      "a recorded stack; a host's name with --stack, or user@address; with --cluster it may be left out",
    )
    .option("--json", "print the findings as one JSON object")
    .option("--stack <name>", "with a host: the stack whose lock it is compared with")
    .option("--address <address>", "with a host: where it is, instead of what the stack says")
    .option("--ssh-option <option>", "with a host: passed to ssh as -o, such as Port=2222 (repeatable)", collect)
    .option("--cluster <kubeconfig>", "read an existing cluster: what it can do, for the requirements (asks kubectl)")
    .option("--context <name>", "with --cluster: another context than the kubeconfig's own")
    .option("--repair", "after an update that was killed: show what would settle its state (asks pulumi)")
    .option("--yes", "with --repair: do it")
    .option("--lift-lock", "with --repair: lift a lock taken on another machine")
    .option("--found <urn=id>", "with --repair: what a cut-off creation left, as you found it (repeatable)", collect)
    .option(
      "--forget <urn>",
      "with --repair: a cut-off creation that left nothing, as you looked (repeatable)",
      collect,
    )
    .action(action(commands.doctor));

  planning(
    program
      .command("host")
      .summary("render a host's set-up as a script")
      .command("render")
      .summary("print the set-up of a host")
      .description(
        "Print the set-up of a host: cloud-init user-data, or for own hosts and with --script an idempotent script.",
      )
      .argument("<stack-or-file>", "a recorded stack, or a requirements file"),
  )
    .option("--script", "the script to run as root on the host, instead of user-data")
    .option("--host <name>", "one host of several")
    .option(
      "--data-device <path>",
      "own hosts of a file that names none: the disk for the piers, under /dev/disk/by-id",
    )
    .option("--out <dir>", "write every host below that directory instead of printing one")
    .action(action(commands.hostRender));

  shipCommands(program, action);

  program
    .command("schema")
    .summary("print the JSON Schema of the requirements, the plan or the lock")
    .description("Print a JSON Schema, for editors and other tools.")
    .argument("<what>", "requirements, plan or architecture")
    .action(action(commands.schema));
  return program;
}

/** The options of everything that plans from a file. */
function planning(command: Command): Command {
  return command
    .option(
      "--set <path=value>",
      "change a value of the file for this run, such as ships.memoryGiB=2 (repeatable)",
      collect,
    )
    .option("--prices <file>", "prices of your own that override the catalog")
    .option("--rate <CUR=usd>", "US dollars one unit of a currency costs, such as EUR=1.08 (repeatable)", collect);
}

function exitTable(): string {
  return (Object.keys(EXIT) as ExitName[])
    .map((n) => `  ${String(EXIT[n]).padStart(3)}  ${EXIT_MEANING[n]}`)
    .join("\n");
}

function version(): string {
  // Two places up from dist/cli, one from the sources.
  const file = ["../package.json", "../../package.json"]
    .map((p) => path.join(__dirname, p))
    .find((p) => existsSync(p))!;
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

if (require.main === module)
  void run(process.argv.slice(2), processIo()).then((code) => {
    // Not process.exit: a pipe may still be draining.
    process.exitCode = code;
  });

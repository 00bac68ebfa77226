// `roadstead ship list STACK|FILE`: every ship the locks hold, and those only a requirements file knows.
import { isStackOf } from "../../planner/architecture/identity";
import { fileOfStack, parseStackFile } from "../../planner/architecture/stack-file";
import type { ParsedStackFile } from "../../planner/architecture/stack-file";
import { recordedShip } from "../../planner/ships/standing";
import { shipLedger } from "../../preview/ledger";
import type { RequestedShip, Requirements } from "../../planner/requirements/schema";
import type { KeyState, ShipEntry } from "../../preview/result";
import { EXIT, type ExitCode, usage } from "../exit";
import { type Io, painter } from "../io";
import { type Project, projectOf, readStackFile, secretsSet, stackConfig, stackFiles } from "../project";
import { columns } from "../render/text";
import { refuseProblems, type Wishes, wishesOf } from "./wishes";

export interface ShipListOptions {
  json?: boolean;
}

interface Row {
  name: string | null;
  id: string;
  class: string | null;
  customer: string | null;
  stack: string | null;
  cell: string | null;
  /** Zone or host. */
  place: string | null;
  state: ShipEntry["action"] | "not recorded";
  key: ShipEntry["key"];
  lastEvent: number | null;
  /** Of a ship that left: whether a clean stop frees its name. Null for all others. */
  nameFree: boolean | null;
}

export async function shipList(target: string, options: ShipListOptions, io: Io): Promise<ExitCode> {
  const wishes = /[./\\]/.test(target) ? wishesOf(io, target) : null;
  const project = projectOf(io);
  const files = wishes === null ? ofStack(io, project, target) : ofEnvironment(wishes);
  refuseProblems(files.flatMap((f) => f.problems));
  const texts = stackFiles(io, project);
  const set = (stack: string) => secretsSet(stackConfig(texts[fileOfStack(stack)] ?? ""), project.name);
  const rows = [...files.flatMap((f) => recorded(f, set(f.stack))), ...(wishes === null ? [] : onlyWished(wishes))];
  io.out(options.json ? `${JSON.stringify({ schema: "roadstead/ships/1", ships: rows }, null, 2)}\n` : table(rows, io));
  return EXIT.done;
}

/** A stack, and with the platform all cells of its environment. */
function ofStack(io: Io, project: Project, stack: string): ParsedStackFile[] {
  const { file, text } = readStackFile(io, project, stack);
  const one = parseStackFile(file, text);
  if (one.architecture === null && one.problems.length === 0)
    throw usage(`${file}: records no architecture yet. Record one with roadstead plan FILE --stack ${stack} --write`);
  if (one.architecture?.role !== "platform") return [one];
  const others = Object.entries(stackFiles(io, project)).map(([name, content]) => parseStackFile(name, content));
  return [one, ...others.filter((f) => f.stack !== stack && isStackOf(stack, f.stack))];
}

const ofEnvironment = ({ previous, stack }: Wishes): ParsedStackFile[] =>
  [...previous.values()].filter((f) => isStackOf(stack, f.stack));

function recorded(file: ParsedStackFile, secrets: ReadonlySet<string>): Row[] {
  const { architecture, runState } = file;
  if (architecture === null) return [];
  const customers = new Map(architecture.ships.map((s) => [s.id, s.customer]));
  const byTenant = new Map(architecture.tenants.map((t) => [t.id, t.customer]));
  return shipLedger([{ name: file.stack, architecture, runState, secretsSet: secrets }]).ledger.ships.map((s) => ({
    name: s.name,
    id: s.id,
    class: s.class,
    customer: customers.get(s.id) ?? byTenant.get(s.tenant) ?? null,
    stack: s.stack,
    cell: s.cell,
    place: s.place,
    state: s.action,
    key: s.key,
    lastEvent: s.lastEvent,
    nameFree:
      s.action === "removed"
        ? (architecture.tombstones.find((t) => t.id === s.id)?.cleanStopEvent ??
            runState[s.id]?.cleanStopEvent ??
            null) !== null
        : null,
  }));
}

/** Ships that wait for `plan --write`. */
function onlyWished({ requirements, previous, stack }: Wishes): Row[] {
  return requirements.ships.named
    .filter((s) => recordedShip(s, previous, stack) === null)
    .map((s) => ({
      name: s.name,
      id: s.nickname ?? s.name!.slice(1),
      class: s.class,
      customer: s.customer,
      stack: null,
      cell: null,
      place: null,
      state: "not recorded",
      key: keyWished(s, requirements),
      lastEvent: null,
      nameFree: null,
    }));
}

/** No stack holds its secret yet: a key that is named counts as given. */
function keyWished(s: RequestedShip, { platform }: Requirements): KeyState {
  if (s.imported) return "imported";
  if (s.fake) return "fake";
  if (s.class === "comet") return "comet";
  if (platform === "groundseg") return "groundseg";
  return s.key ? "given" : "missing";
}

function table(rows: readonly Row[], io: Io): string {
  if (rows.length === 0) return "No ships.\n";
  const [head = "", ...lines] = columns(
    ["SHIP", "CLASS", "CUSTOMER", "STACK", "CELL", "PLACE", "STATE", "KEY"].map((title) => ({ title })),
    rows.map((r) => [
      r.name ?? r.id,
      r.class ?? "",
      r.customer ?? "",
      r.stack ?? "",
      r.cell ?? "",
      r.place ?? "",
      stateOf(r),
      r.key ?? "",
    ]),
    0,
  );
  return [painter(io)("bold", head), ...lines, ""].join("\n");
}

function stateOf({ state, name, lastEvent, nameFree }: Row): string {
  if (state === "removed")
    return nameFree
      ? `removed, stopped at event ${lastEvent}`
      : "removed, name blocked until its clean stop is recorded";
  if (state === "first boot" && name === null) return "planned, without a name";
  return lastEvent === null ? state : `${state}, event ${lastEvent}`;
}

// Runs a stack program in this process under Pulumi's mock runtime, as a preview does: what a resource is created with
// is known, what the cloud would answer is not. Every registration is kept with its options.
import * as log from "@pulumi/pulumi/log";
import * as runtime from "@pulumi/pulumi/runtime";
import { REDACTED, type GraphResource } from "./graph";
import { answerOf } from "./lookups";
import { STACK_TYPE } from "./tree";
import { urnOf } from "./urn";

export interface ProgramRun {
  /** In the order of registration, which depends on when values arrive; sort before comparing. */
  resources: GraphResource[];
  /** Tokens of functions the program called: they ask the provider, so their answers are unknown offline. */
  lookups: string[];
  /** What the program and its components warned about. */
  warnings: string[];
}

/** How the SDK marks values on the wire (sdk/nodejs/runtime/rpc.ts). */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";

/** What the Pulumi CLI calls the organization where there is none. */
export const ORGANIZATION = "organization";

let running: Promise<unknown> = Promise.resolve();

/**
 * Runs one program and returns what it registered. The SDK keeps one set of settings a process, and one program's
 * rejection fails every other that runs beside it, so programs wait for each other here.
 */
export function runProgram(where: { project: string; stack: string }, program: () => unknown): Promise<ProgramRun> {
  const next = running.then(() => runAlone(where, program));
  running = next.catch(() => undefined);
  return next;
}

async function runAlone(where: { project: string; stack: string }, program: () => unknown): Promise<ProgramRun> {
  const recorded: ProgramRun = { resources: [], lookups: [], warnings: [] };
  const faults: unknown[] = [];
  const silence = collectLog(recorded.warnings);
  const stray = strayRejections(faults);
  const wholeTraces = shortTraces();
  try {
    // The mocks only switch the runtime's features on; the recorder answers in their place.
    const unused = () => Promise.reject(new Error("the recorder answers"));
    await runtime.setMocks({ newResource: unused, call: unused }, where.project, where.stack, true, ORGANIZATION);
    Object.assign(runtime.getMonitor() as object, recorder(where, recorded, faults));
    const finished = runtime
      .runInPulumiStack(async () => {
        try {
          return (await program()) as Record<string, unknown>;
        } catch (error) {
          // Kept aside: the SDK would reject promises that nobody holds.
          faults.push(error);
          return {};
        }
      })
      .then(() => runtime.disconnect());
    await Promise.race([finished, stray.first]);
  } finally {
    // One fault may reject several promises of the SDK; those that come a turn later belong to this run, too.
    await new Promise((resolve) => setImmediate(resolve));
    stray.stop();
    wholeTraces();
    silence();
  }
  if (faults.length > 0) throw faults[0];
  return recorded;
}

/** What fails inside an apply rejects a promise nobody holds; without this Node would end the process. */
function strayRejections(faults: unknown[]): { first: Promise<void>; stop: () => void } {
  let happened: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (happened = resolve));
  const listener = (reason: unknown) => {
    faults.push(reason);
    happened();
  };
  process.on("unhandledRejection", listener);
  return { first, stop: () => void process.off("unhandledRejection", listener) };
}

/**
 * The SDK writes a stack trace on each of its promises, dozens a resource, for a debugger nobody runs here: a sixth of a
 * preview's time. A fault keeps the frames that say where it was.
 */
function shortTraces(): () => void {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = Math.min(before, 3);
  return () => void (Error.stackTraceLimit = before);
}

/** Without an engine the SDK prints; a preview returns warnings instead. */
function collectLog(warnings: string[]): () => void {
  const mutable = log as unknown as Record<"warn" | "error" | "info", (message: string) => Promise<void>>;
  const before = { warn: mutable.warn, error: mutable.error, info: mutable.info };
  const keep = (message: string) => {
    if (!warnings.includes(message)) warnings.push(message);
    return Promise.resolve();
  };
  Object.assign(mutable, { warn: keep, error: keep, info: () => Promise.resolve() });
  return () => void Object.assign(mutable, before);
}

// What the recorder reads of the SDK's request messages.
interface Wire {
  toJavaScript(): Record<string, unknown>;
}
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getObject(): Wire | undefined;
  getProtect(): boolean;
  hasProtect(): boolean;
  getRetainondelete(): boolean;
  hasRetainondelete(): boolean;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getDependenciesList(): string[];
  getProvider(): string;
}
interface ReadRequest {
  getId(): string;
  getType(): string;
  getName(): string;
  getParent(): string;
  getProperties(): Wire | undefined;
  getDependenciesList(): string[];
  getProvider(): string;
}
type Answer = (error: Error | null, response: unknown) => void;

/** Faults are kept and answered as if all were well: the SDK would only reject promises that nobody holds. */
function recorder(where: { project: string; stack: string }, recorded: ProgramRun, faults: unknown[]) {
  const urns = new Set<string>();
  const add = (resource: GraphResource): void => {
    if (urns.has(resource.urn)) faults.push(new Error(`two resources would have the same URN: ${resource.urn}`));
    urns.add(resource.urn);
    recorded.resources.push(resource);
  };
  return {
    registerResource(request: RegisterRequest, answer: Answer) {
      const urn = urnOf(where, request.getParent(), request.getType(), request.getName());
      const object = request.getObject();
      const options: GraphResource["options"] = {};
      if (request.hasProtect() && request.getProtect()) options.protect = true;
      if (request.hasRetainondelete() && request.getRetainondelete()) options.retainOnDelete = true;
      if (request.getDeletebeforereplace()) options.deleteBeforeReplace = true;
      if (request.getIgnorechangesList().length > 0) options.ignoreChanges = request.getIgnorechangesList();
      add({
        stack: where.stack,
        urn,
        type: request.getType(),
        name: request.getName(),
        parent: parentOf(request.getParent()),
        custom: request.getCustom(),
        inputs: readable(object?.toJavaScript() ?? {}) as Record<string, unknown>,
        options,
        dependsOn: request.getDependenciesList().sort(),
        provider: providerOf(request.getProvider()),
      });
      // What was put in comes back; everything else stays unknown, as in a preview before the first `up`.
      answer(null, {
        getUrn: () => urn,
        getId: () => "",
        getObject: () => object,
        getPropertydependenciesMap: () => undefined,
        getResult: () => 0,
      });
    },
    readResource(request: ReadRequest, answer: Answer) {
      const urn = urnOf(where, request.getParent(), request.getType(), request.getName());
      const object = request.getProperties();
      add({
        stack: where.stack,
        urn,
        type: request.getType(),
        name: request.getName(),
        parent: parentOf(request.getParent()),
        custom: true,
        inputs: { ...(readable(object?.toJavaScript() ?? {}) as object), id: readable(request.getId()) },
        options: {},
        dependsOn: request.getDependenciesList().sort(),
        provider: providerOf(request.getProvider()),
      });
      answer(null, { getUrn: () => urn, getProperties: () => object });
    },
    invoke(request: { getTok(): string }, answer: Answer) {
      if (!recorded.lookups.includes(request.getTok())) recorded.lookups.push(request.getTok());
      const members = answerOf(request.getTok());
      if (members === null)
        faults.push(
          new Error(
            `${request.getTok()}: the offline preview does not know what it answers; list its members in preview/lookups.ts`,
          ),
        );
      const unknown = Object.fromEntries((members ?? []).map((member) => [member, UNKNOWN]));
      answer(null, { getFailuresList: () => [], getReturn: () => ({ toJavaScript: () => unknown }) });
    },
    registerResourceOutputs(_request: unknown, answer: Answer) {
      answer(null, {});
    },
  };
}

function parentOf(parent: string): string | null {
  return parent === "" || parent.split("::")[2] === STACK_TYPE ? null : parent;
}

/** A provider reference is its URN and id. */
function providerOf(reference: string): string | null {
  return reference === "" ? null : reference.split("::").slice(0, 4).join("::");
}

/** Inputs as a person may read them: secrets redacted, unknown values null, a resource by its URN. */
function readable(value: unknown): unknown {
  if (value === UNKNOWN) return null;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(readable);
  const object = value as Record<string, unknown>;
  const signature = object[SIGNATURE];
  if (signature === SECRET) return redacted(object.value);
  if (signature === RESOURCE) return object.urn;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(object)) result[key] = readable(object[key]);
  return result;
}

/** A secret object keeps its keys, so that a reader sees which values there are; every value is gone. */
function redacted(value: unknown): unknown {
  if (value === null || typeof value !== "object") return REDACTED;
  if (Array.isArray(value)) return value.map(redacted);
  const object = value as Record<string, unknown>;
  if (SIGNATURE in object) return redacted(object.value);
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, redacted(inner)]));
}

// The inside of a ship's pod on this machine: its folders, a runtime and a registry that only pretend, its scripts run by a
// real shell.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SCRIPTS } from "../../../components/fleet/render/scripts";

let dir: string;
let running: ChildProcess[] = [];
export const at = (...parts: string[]): string => join(dir, ...parts);
export const read = (...parts: string[]): string =>
  existsSync(at(...parts)) ? readFileSync(at(...parts), "utf8") : "";
export const exists = (...parts: string[]): boolean => existsSync(at(...parts));
export const put = (path: string, text: string): void => writeFileSync(at(path), text);
export const remove = (path: string): void => rmSync(at(path), { recursive: true, force: true });

/** A volume as a fresh file system is, and empty folders for the rest. */
export function makePod(): void {
  dir = mkdtempSync(join(tmpdir(), "roadstead-pod-"));
  for (const d of ["volume/lost+found", "run", "keys", "bin"]) mkdirSync(at(d), { recursive: true });
  for (const [name, script] of Object.entries(SCRIPTS)) put(name, script);
}

export async function endPod(): Promise<void> {
  for (const child of running) {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await gone;
    }
  }
  running = [];
  rmSync(dir, { recursive: true, force: true });
}

export function tool(name: string, script: string): void {
  writeFileSync(at("bin", name), `#!/bin/sh\n${script}`);
  chmodSync(at("bin", name), 0o755);
}

/** A runtime that notes each command line, makes a pier at a first boot, and does what a test wants. */
export function runtime(does = "exit 0", event = 500): void {
  tool(
    "urbit",
    `if [ "$1" = info ]; then
  printf '%s\\n' "$*" >> ${at("infos")}
  [ "$#" -eq 4 ] && [ "$2" = --loom ] || { echo "invalid command"; exit 1; }
  printf '\\r\\nurbit: at event 3\\r\\n  disk: live=&, event=${event}\\r\\n' >&2; exit 0
fi
printf '%s\\n' "$*" >> ${at("calls")}
case " $* " in *" -c "*) mkdir -p ${at("volume/pier/.urb/log")} ;; esac
${does}
`,
  );
}

export interface Claim {
  holder?: string;
  firstBoot?: string;
  lastEvent?: string;
  /** First boot of the parent ~doznec. */
  parent?: string;
  /** Somebody else is always first. */
  raced?: boolean;
  down?: boolean;
}

/** A registry with one Lease; its patch is a real compare-and-set of one annotation. */
export function registry(claim: Claim = {}): void {
  put("first-boot", claim.firstBoot ?? "never");
  put("last-event", claim.lastEvent ?? "none");
  put("parent-boot", claim.parent ?? "never");
  tool(
    "kubectl",
    `[ ! -e ${at("down")} ] || exit 1
${claim.down ? "exit 1" : ""}
case "$*" in
  *" get lease doznec "*) cat ${at("parent-boot")} ;;
  *" get lease sampel-palnet "*) printf '%s|%s|%s|' '${claim.holder ?? "prod/t-0000000001"}' "$(cat ${at("first-boot")})" "$(cat ${at("last-event")})" ;;
  *" patch lease sampel-palnet --type=json "*)
    ${claim.raced ? "exit 1" : ""}
    what=$(printf '%s' "$*" | sed -n 's/.*"op":"test","path":"[^"]*~1\\([a-z-]*\\)".*/\\1/p')
    from=$(printf '%s' "$*" | sed -n 's/.*"op":"test".*"value":"\\([a-z0-9]*\\)".*/\\1/p')
    to=$(printf '%s' "$*" | sed -n 's/.*"op":"replace".*"value":"\\([a-z0-9]*\\)".*/\\1/p')
    [ "$from" = "$(cat "${at(".")}/$what")" ] || exit 1
    printf '%s' "$to" > "${at(".")}/$what"
    printf '%s %s\\n' "$what" "$to" >> ${at("patches")} ;;
  *) exit 64 ;;
esac
`,
  );
}

export const environment = (more: Record<string, string> = {}): NodeJS.ProcessEnv => ({
  PATH: `${at("bin")}:${process.env.PATH}`,
  ROADSTEAD_VOLUME: at("volume"),
  ROADSTEAD_RUN: at("run"),
  ROADSTEAD_KEYS: at("keys"),
  ROADSTEAD_TERMINATION: at("termination"),
  ROADSTEAD_MODE: "key",
  ROADSTEAD_NAME: "sampel-palnet",
  ROADSTEAD_HTTP_PORT: "8080",
  ROADSTEAD_AMES_PORT: "34543",
  ROADSTEAD_LOOM: "31",
  ROADSTEAD_SHIP: "sampel-palnet",
  ROADSTEAD_HOLDER: "prod/t-0000000001",
  ROADSTEAD_REGISTRY: "roadstead-registry",
  ROADSTEAD_SEALED: "false",
  ROADSTEAD_PARENT_SECONDS: "0.1",
  ROADSTEAD_KEEP_SECONDS: "0.1",
  ...more,
});

/** Starts one of the pod's containers; it is ended with the pod. */
export function start(more: Record<string, string> = {}, script: keyof typeof SCRIPTS = "entrypoint.sh"): ChildProcess {
  const child = spawn("sh", [at(script)], { env: environment(more), stdio: ["ignore", "pipe", "pipe"] });
  running.push(child);
  return child;
}

/** Runs one of the pod's scripts to its end. */
export function run(script: keyof typeof SCRIPTS, more: Record<string, string> = {}, args: string[] = []) {
  const { status, stdout } = spawnSync("sh", [at(script), ...args], { env: environment(more), encoding: "utf8" });
  return { status, stdout };
}

export const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((done) => (child.exitCode !== null ? done(child.exitCode) : child.once("exit", done)));

/** What a container has printed so far. */
export function outputOf(child: ChildProcess): () => string {
  let out = "";
  child.stdout!.on("data", (d: Buffer) => (out += d.toString()));
  child.stderr!.on("data", (d: Buffer) => (out += d.toString()));
  return () => out;
}

export async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 750; i++) {
    if (what()) return;
    await new Promise((r) => setTimeout(r, 20));
  }
  throw new Error("it did not happen within 15 s");
}

/** Starts, waits for the quarantine, and returns its reason; fails when the container ended instead of parking. */
export async function parked(more: Record<string, string> = {}): Promise<string> {
  const child = start(more);
  await until(() => (exists("termination") && read("termination") !== "") || child.exitCode !== null);
  await new Promise((r) => setTimeout(r, 50));
  if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode} instead of parking`);
  const reason = read("run/quarantine");
  if (read("termination") !== reason) throw new Error(`termination message ${read("termination")}, not ${reason}`);
  remove("termination");
  return reason;
}

export const verdict = (text: string): void => put("run/verdict", `${text}\n`);
export const key = (name = "key"): void => put(`keys/${name}`, "0wcanary");
export const pier = (): void => void mkdirSync(at("volume/pier/.urb/log"), { recursive: true });
export const lines = (file: string): string[] => read(file).trim().split("\n").filter(Boolean);

// What a host answered, read with suspicion: it may be broken, half set up, or somebody else's. Pure.
import { z } from "zod";
import { FACT_BYTES, FACTS_SCHEMA } from "./script";

/** The answer of a host with twenty ships is about 60 KiB. */
export const ANSWER_BYTES = 4 * 1024 * 1024;

const answerSchema = z.strictObject({
  schema: z.literal(FACTS_SCHEMA),
  facts: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9/-]{0,99}$/),
    z.strictObject({ code: z.number().int(), out: z.string().max(FACT_BYTES) }),
  ),
});

/** What was asked → what was printed. */
export type Answer = Readonly<Record<string, { code: number; out: string }>>;

/** Letters a terminal shows, on several lines; nothing that moves its cursor, colours it or turns its writing around. */
export const printable = (text: string): string => text.replace(/[^\n\x20-\x7e]/g, "");

/** For one line of a report. */
export const short = (text: string, length = 200): string => {
  const line = printable(text).replace(/\s+/g, " ").trim();
  return line.length > length ? `${line.slice(0, length)}…` : line;
};

/** The one line after the mark; null when there is none, or it is not what was asked for. */
export function readAnswer(output: string, mark: string): Answer | null {
  const line = output.split("\n").find((l) => l.startsWith(mark));
  if (line === undefined || line.length > ANSWER_BYTES) return null;
  let value: unknown;
  try {
    value = JSON.parse(line.slice(mark.length));
  } catch {
    // Cut off, or never JSON.
    return null;
  }
  const read = answerSchema.safeParse(value);
  if (!read.success) return null;
  return Object.fromEntries(
    Object.entries(read.data.facts).map(([name, { code, out }]) => [name, { code, out: printable(out) }]),
  );
}

export interface UnitState {
  load: string;
  active: string;
  sub: string;
  result: string;
  enabled: string;
  restarts: number | null;
  exitCode: number | null;
  /** Seconds since 1970; null when it never was. */
  activeSince: number | null;
  endedAt: number | null;
}

export interface ShipFacts {
  id: string;
  env: Record<string, string>;
  /** Kept twice: on the root disk and on the volume. Null when it could not be read. */
  record: { here: Record<string, string>; there: Record<string, string> } | null;
  pier: boolean | null;
  /** A boot key lies in memory. */
  key: boolean | null;
  /** Maintenance or its owner stopped it for now. */
  stopped: boolean;
  /** HTTP status of the runtime's own health page; null when it could not be asked. */
  health: number | null;
  unit: UnitState | null;
  firstBoot: UnitState | null;
  /** --loom of the process that runs. */
  runningLoom: number | null;
}

export interface Disk {
  mount: string;
  /** Null when it could not be read. */
  usedPercent: number | null;
  inodesPercent: number | null;
  freeGiB: number;
}

/** What the host wrote down of a ship's last copy; nothing it says is believed without a time. */
export interface CopyRecord {
  at: number | null;
  event: number | null;
}

export interface HostFacts {
  /** Seconds since 1970 by the host's clock. */
  now: number | null;
  os: string | null;
  bootstrap: { done: number | null; failedStep: string | null } | null;
  files: Record<string, { mode: string; owner: string; sha256: string }> | null;
  units: Record<string, UnitState> | null;
  failed: string[] | null;
  /** Our units that are at work just now. */
  atWork: string[] | null;
  udpPorts: number[] | null;
  volume: Record<string, string> | null;
  /** Key and header files of the volume: path → mode, owner, size. */
  volumeFiles: Record<string, { mode: string; owner: string; size: number }> | null;
  mounts: { target: string; source: string; type: string; options: string }[] | null;
  /** Mount point → kinds of device under it. */
  under: Record<string, string[]> | null;
  disks: Disk[] | null;
  /** KiB. */
  memory: { total: number; available: number; swap: number; swapFree: number } | null;
  maxMapCount: number | null;
  killed: string[] | null;
  firewall: { loaded: string | null; file: string | null } | null;
  sshd: Record<string, string> | null;
  fail2ban: { running: boolean } | null;
  /** Stamps of apt's own timers: name → seconds since 1970. */
  upgrades: Record<string, number> | null;
  rebootSince: number | null;
  rebootRead: boolean;
  pending: string[] | null;
  clockSynchronized: boolean | null;
  certificates: Record<string, number> | null;
  audit: { enabled: boolean; rules: number } | null;
  maintenance: Record<string, number> | null;
  /** Copies off the host: ship → what is known of the last one. */
  backup: { credentials: boolean; last: Record<string, CopyRecord> } | null;
  /** Versions of vere on the host, and the one for ships that have none of their own. */
  runtimes: { versions: string[]; standard: string | null } | null;
  /** What the host's own look at GroundSeg said; judged where it is understood. */
  groundseg: unknown;
  ships: ShipFacts[] | null;
}

const UNIT = /^[A-Za-z0-9:_.@\\-]{1,120}$/;
const lines = (text: string): string[] => text.split("\n").filter((l) => l.trim() !== "");
const integer = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;

export function hostFacts(answer: Answer): HostFacts {
  const out = (name: string): string | null => (answer[name]?.code === 0 ? answer[name].out : null);
  /** Programs that end with 1 when they find nothing. */
  const found = (name: string): string | null => {
    const a = answer[name];
    return a === undefined || a.code > 1 ? null : a.out;
  };
  const map = <T>(name: string, read: (text: string) => T): T | null => {
    const text = out(name);
    return text === null ? null : read(text);
  };
  const numbered = (text: string) =>
    Object.fromEntries(
      lines(text).flatMap((l) => {
        const [, name, at] = /^(\S{1,253}) (\d{1,12})$/.exec(l) ?? [];
        return name === undefined ? [] : [[name, Number(at)]];
      }),
    );
  return {
    now: map("now", integer),
    os: map("os", (t) => short(t)),
    bootstrap: map("bootstrap", bootstrap),
    files: map("files", files),
    units: map("units", units),
    failed: map("failed", (t) => lines(t).filter((u) => UNIT.test(u))),
    atWork: map("jobs", (t) => lines(t).filter((u) => UNIT.test(u))),
    udpPorts: map("udp", (t) => lines(t).flatMap((l) => integer(l.split(":").at(-1)) ?? [])),
    volume: out("volume") === null ? null : assignments(out("volume")!),
    volumeFiles: map("volume-files", volumeFiles),
    mounts: map("mounts", (t) =>
      lines(t).flatMap((l) => {
        const [target, source, type, options] = l.split(" ");
        return options === undefined ? [] : [{ target: target!, source: source!, type: type!, options }];
      }),
    ),
    under: map("crypt", (t) =>
      Object.fromEntries(
        lines(t).map((l) => {
          const [mount, ...kinds] = l.trim().split(/\s+/);
          return [mount, kinds];
        }),
      ),
    ),
    disks: disks(found("disks"), found("inodes")),
    memory: map("memory", memory),
    maxMapCount: map("maps", integer),
    killed: map("killed", lines),
    firewall: answer.firewall === undefined ? null : { loaded: out("firewall"), file: out("firewall-file") },
    sshd: map("sshd", (t) => Object.fromEntries(lines(t).map((l) => l.trim().split(/\s+/, 2)))),
    fail2ban: answer.fail2ban === undefined ? null : { running: answer.fail2ban.code === 0 },
    upgrades: map("upgrades", (t) =>
      numbered(
        lines(t)
          .map((l) => l.split(" ").reverse().join(" "))
          .join("\n"),
      ),
    ),
    rebootSince: map("reboot", integer),
    rebootRead: out("reboot") !== null,
    pending: map("pending", (t) => lines(t).filter((p) => /^[a-z0-9][a-z0-9+.-]*$/.test(p))),
    clockSynchronized: map("clock", (t) => t.trim() === "yes"),
    certificates: map("certificates", numbered),
    audit: map("audit", audit),
    maintenance: map("maintenance", numbered),
    backup: map("backup", backup),
    runtimes: map("runtimes", runtimes),
    groundseg: map("groundseg", json),
    ships: ships(answer, out),
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function bootstrap(text: string): HostFacts["bootstrap"] {
  const read = (name: string) => new RegExp(`^bootstrap\\.${name} (\\d+) ?(.*)$`, "m").exec(text);
  return { done: integer(read("done")?.[1]), failedStep: read("failed") ? short(read("failed")![2]!, 40) : null };
}

function files(text: string): HostFacts["files"] {
  return Object.fromEntries(
    lines(text).flatMap((l) => {
      const [, mode, owner, sha256, path] = /^(\d{3,4}) (\S+) ([0-9a-f]{64}) (\/.*)$/.exec(l) ?? [];
      return path === undefined ? [] : [[path, { mode: mode!, owner: owner!, sha256: sha256! }]];
    }),
  );
}

function volumeFiles(text: string): HostFacts["volumeFiles"] {
  return Object.fromEntries(
    lines(text).flatMap((l) => {
      const [, mode, owner, size, path] = /^(\d{3,4}) (\S+) (\d+) (\/.*)$/.exec(l) ?? [];
      return path === undefined ? [] : [[path, { mode: mode!, owner: owner!, size: Number(size) }]];
    }),
  );
}

/** `NAME=value` lines of our own files, quotes taken off. */
function assignments(text: string): Record<string, string> {
  return Object.fromEntries(
    lines(text).flatMap((l) => {
      const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(l) ?? [];
      return name === undefined ? [] : [[name, value!.replace(/^'(.*)'$/, "$1")]];
    }),
  );
}

export function units(text: string): Record<string, UnitState> {
  return Object.fromEntries(
    text.split(/\n\s*\n/).flatMap((block) => {
      const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(block)?.[1] ?? "";
      const id = value("Id");
      if (!UNIT.test(id)) return [];
      const at = (name: string) => {
        const ms = Date.parse(value(name).replace(/^\w+ /, ""));
        return Number.isNaN(ms) ? null : ms / 1000;
      };
      const state: UnitState = {
        load: short(value("LoadState"), 20),
        active: short(value("ActiveState"), 20),
        sub: short(value("SubState"), 20),
        result: short(value("Result"), 20),
        enabled: short(value("UnitFileState"), 20),
        restarts: integer(value("NRestarts")),
        exitCode: integer(value("ExecMainStatus")),
        activeSince: at("ActiveEnterTimestamp"),
        endedAt: at("ExecMainExitTimestamp"),
      };
      return [[id, state]];
    }),
  );
}

function disks(space: string | null, inodes: string | null): Disk[] | null {
  if (space === null || inodes === null) return null;
  const table = (text: string) =>
    new Map(
      lines(text).flatMap((l) => {
        const [, total, free, used, mount] = /\s(\d+)\s+\d+\s+(\d+)\s+(\d+%|-)\s+(\/.*)$/.exec(l) ?? [];
        if (mount === undefined) return [];
        return [[mount, { total: Number(total), free: Number(free), used: used === "-" ? null : parseInt(used!) }]];
      }),
    );
  const counted = table(inodes);
  return [...table(space)].map(([mount, { free, used }]) => {
    const i = counted.get(mount);
    return {
      mount,
      usedPercent: used,
      // File systems that make inodes as they need them say that they have none.
      inodesPercent: i?.total === 0 ? 0 : (i?.used ?? null),
      freeGiB: free / 1048576,
    };
  });
}

function memory(text: string): HostFacts["memory"] {
  const of = (name: string) => integer(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
  const [total, available, swap, swapFree] = ["MemTotal", "MemAvailable", "SwapTotal", "SwapFree"].map(of);
  if (total == null || available == null || swap == null || swapFree == null) return null;
  return { total, available, swap, swapFree };
}

function backup(text: string): HostFacts["backup"] {
  const last = lines(text).flatMap((l): [string, CopyRecord][] => {
    const [, id, said] = /^([a-z][a-z0-9-]*) (.*)$/.exec(l) ?? [];
    const at = Date.parse(/(?:^| )time=(\d{4}-\d\d-\d\dT[\d:.]+Z)(?= |$)/.exec(said ?? "")?.[1] ?? "");
    return id === undefined
      ? []
      : [[id, { at: Number.isNaN(at) ? null : at / 1000, event: integer(/ event=(\d+)/.exec(said!)?.[1]) }]];
  });
  return { credentials: /^credentials$/m.test(text), last: Object.fromEntries(last) };
}

const VERSION = /^\d[\w.-]{0,30}$/;

function runtimes(text: string): HostFacts["runtimes"] {
  const standard = /^default (.*)$/m.exec(text)?.[1];
  const linked = /\/vere\/([^/]+)\/urbit$/.exec(standard ?? "")?.[1];
  return {
    versions: lines(text).filter((l) => VERSION.test(l)),
    standard: linked !== undefined && VERSION.test(linked) ? linked : standard === undefined ? null : "unknown",
  };
}

function audit(text: string): HostFacts["audit"] {
  const enabled = integer(/^enabled (\d+)$/m.exec(text)?.[1]);
  const rules = integer(lines(text).at(-1));
  return enabled === null || rules === null ? null : { enabled: enabled > 0, rules };
}

function ships(answer: Answer, out: (name: string) => string | null): ShipFacts[] {
  const ids = Object.keys(answer).flatMap((name) => /^ship\/([a-z][a-z0-9-]*)\/env$/.exec(name)?.[1] ?? []);
  return ids.map((id): ShipFacts => {
    const get = (what: string) => out(`ship/${id}/${what}`);
    const record = get("record");
    const has = get("has");
    const states = get("units") === null ? {} : units(get("units")!);
    const health = answer[`ship/${id}/health`];
    const kept = (place: string) =>
      Object.fromEntries(
        lines(record ?? "").flatMap((l) => {
          const [, dir, name, value] = /^(\S+) (first-boot|event|quarantine|loom|vere) (.*)$/.exec(l) ?? [];
          return dir === place ? [[name!, value!]] : [];
        }),
      );
    return {
      id,
      env: assignments(get("env") ?? ""),
      record: record === null ? null : { here: kept("/var/lib/roadstead/ships"), there: kept("/srv/ships/.roadstead") },
      pier: has === null ? null : /^pier$/m.test(has),
      key: has === null ? null : /^key$/m.test(has),
      stopped: /^stopped$/m.test(has ?? ""),
      // curl says 000 and ends with a code of its own where nobody answers.
      health: health === undefined || health.code === 127 ? null : integer(health.out),
      unit: states[`roadstead-ship@${id}.service`] ?? null,
      firstBoot: states[`roadstead-first-boot@${id}.service`] ?? null,
      runningLoom: integer(get("loom") ?? undefined),
    };
  });
}

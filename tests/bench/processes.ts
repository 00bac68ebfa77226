// What the processes of one cloud cost: peak memory of each, and processor time of all. Read from /proc while they run, so
// Linux only. The kernel keeps a process's peak itself: only growth within the last look before its end is missed.
import * as fs from "node:fs";
import * as path from "node:path";

const EVERY_MS = 100;
/** Fixed in Linux's interface to programs, whatever the kernel counts in. */
const TICKS_A_SECOND = 100;

export interface Cost {
  /** MB by what the process is: engine, program, language host, a provider. */
  peaks: Record<string, number>;
  cpuSeconds: number;
  /** Of the machine's processors, how much other programs used meanwhile: 0 to 1. */
  others: number;
}

interface Seen {
  what: string;
  mb: number;
  ticks: number;
}

export const canWatch = (): boolean => fs.existsSync("/proc/self/environ");

/** Watches every process whose environment holds `mark`, until asked what they cost. */
export function watch(mark: string): () => Cost {
  const seen = new Map<string, Seen>();
  const others = new Set<string>();
  const look = (): void => {
    for (const pid of fs.readdirSync("/proc")) {
      if (!/^\d+$/.test(pid) || others.has(pid)) continue;
      try {
        const known = seen.get(pid);
        if (known === undefined && !fs.readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark)) {
          others.add(pid);
          continue;
        }
        // A child is a copy of whoever starts it until it has become its own program.
        const what = whatIs(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"));
        const peak = /VmHWM:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
        if (peak) seen.set(pid, { what, mb: Number(peak[1]) / 1024, ticks: Number(stat[11]) + Number(stat[12]) });
      } catch {
        continue; // Ended between two reads; what was last seen of it stays.
      }
    }
  };
  const before = machine();
  const timer = setInterval(look, EVERY_MS);
  return () => {
    clearInterval(timer);
    look();
    const after = machine();
    const ticks = [...seen.values()].reduce((sum, s) => sum + s.ticks, 0);
    const others = (after.busy - before.busy - ticks) / (after.all - before.all);
    const peaks: Record<string, number> = {};
    for (const { what, mb } of seen.values()) peaks[what] = Math.max(peaks[what] ?? 0, mb);
    return { peaks, cpuSeconds: ticks / TICKS_A_SECOND, others: Math.max(0, others) };
  };
}

/** Ticks of all processors since the machine started: user, nice, system, idle, iowait, irq, softirq, steal. */
function machine(): { busy: number; all: number } {
  const line = fs.readFileSync("/proc/stat", "utf8").split("\n")[0]!;
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = ticks.reduce((sum, t) => sum + t, 0);
  return { busy: all - ticks[3]! - ticks[4]!, all };
}

function whatIs(command: string[]): string {
  const file = path.basename(command[1] ?? "");
  if (file === "provider.cjs") return `${command[2]} provider`;
  if (file === "language-host.cjs") return "language host";
  if (/@pulumi\/pulumi\/cmd\/run\b/.test(command.join(" "))) return "program";
  return path.basename(command[0] ?? "") === "pulumi" ? "engine" : "other";
}

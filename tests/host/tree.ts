// What a machine's disk holds, to compare it with what it held before.
import type { Machine } from "./machine/machine";

/** Written by every boot or every run of a program that is not ours: clocks, logs, caches, seeds. */
const RESTLESS = [
  "/proc",
  "/sys",
  "/dev",
  "/run",
  "/tmp",
  "/var/tmp",
  "/var/log",
  "/var/cache",
  "/var/lib/systemd",
  "/var/lib/apt",
  "/var/lib/cloud",
  "/var/lib/fail2ban",
  "/var/lib/caddy",
  "/var/lib/dhcp",
  "/etc/hostname",
  "/srv/archive",
];

export type Tree = Record<string, string>;

/** Path → type, mode, owner, time of change and content of everything that stays. */
export function tree(machine: Machine, restless: string[] = []): Tree {
  const prune = [...RESTLESS, ...restless].map((p) => `-path ${p}`).join(" -o ");
  const out = machine.get(
    `cd / && { find / -xdev \\( ${prune} \\) -prune -o -printf '%p\\t%y %m %u:%g %l %T@\\n'
      find / -xdev \\( ${prune} \\) -prune -o -type f -size -2M -newer /var/lib/dpkg/info/base-files.list -print0 | xargs -0 -r sha256sum | sed 's/^\\([0-9a-f]*\\)  \\(.*\\)/\\2 (content)\\t\\1/'; } | sort`,
    { limit: 120_000 },
  );
  return Object.fromEntries(out.split("\n").map((line) => line.split("\t") as [string, string]));
}

/** What differs, readable. A folder's own time says nothing that its entries do not; without times, what was written anew is the same. */
export function changes(before: Tree, after: Tree, { times = true } = {}): string[] {
  const plain = (s: string | undefined) => (s && (!times || s.startsWith("d ")) ? s.replace(/ [\d.]+$/, "") : s);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((path) => plain(before[path]) !== plain(after[path]))
    .map((path) => `${path}: ${before[path] ?? "absent"} -> ${after[path] ?? "absent"}`);
}

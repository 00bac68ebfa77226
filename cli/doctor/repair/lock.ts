// Locks of a file backend: who took them, and whether whoever it was is still there. `pulumi cancel` asks neither.
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

export interface Lock {
  file: string;
  owner: string;
  /** gone: the process is no more; elsewhere: on another machine, nobody can tell. */
  holder: "alive" | "gone" | "elsewhere";
}

export function locksOf(folder: string, project: string, stack: string): Lock[] {
  const place = path.join(folder, "locks", "organization", project, stack);
  const names = fs.existsSync(place) ? fs.readdirSync(place).filter((n) => n.endsWith(".json")) : [];
  return names.map((name) => lockIn(path.join(place, name)));
}

function lockIn(file: string): Lock {
  let content: { pid?: unknown; username?: unknown; hostname?: unknown; timestamp?: unknown };
  try {
    content = JSON.parse(fs.readFileSync(file, "utf8")) as typeof content;
  } catch {
    return { file, owner: "an unreadable lock", holder: "elsewhere" };
  }
  const { pid, username, hostname, timestamp } = content;
  const owner = `${String(username)}@${String(hostname)}, process ${String(pid)}, since ${String(timestamp)}`;
  const holder = hostname !== os.hostname() || typeof pid !== "number" ? "elsewhere" : runs(pid) ? "alive" : "gone";
  return { file, owner, holder };
}

/** A number may have gone to another program since. Where that cannot be seen, whatever has it counts as alive. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  try {
    // Empty for a process that has ended and was not waited for.
    return /pulumi/.test(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return true;
  }
}

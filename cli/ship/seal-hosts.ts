// Whether ships on hosts have booted, as the record on their host has it, read over the user's own ssh.
import type { LockedShip } from "../../planner/architecture/schema";
import { askHost, type Said } from "../doctor/host/login";
import { hostTarget } from "../doctor/host/target";
import { machineProbe } from "../doctor/probe";
import type { Io } from "../io";
import type { Seen } from "./seal";

/** Host by host; a host that does not answer leaves its ships unknown. */
export async function lookAtHosts(ships: readonly LockedShip[], stack: string, io: Io): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const host of new Set(ships.flatMap((s) => s.host ?? []))) {
    const aboard = ships.filter((s) => s.host === host);
    const { login } = hostTarget(host, { stack }, io, machineProbe(io));
    io.err(`${host}: asking ${login}\n`);
    const said = await askHost(io, { target: login, options: [] }, script(aboard));
    seen.push(...aboard.map((s) => ({ ship: s.id, secret: s.key?.secret ?? null, ...standing(s, host, said) })));
  }
  return seen;
}

/** A line a ship; nothing is changed. */
const script = (ships: readonly LockedShip[]): string =>
  ships.map((s) => `echo "${s.id} $(/usr/local/lib/roadstead/ship status ${s.id} </dev/null)"\n`).join("");

function standing({ id, imported }: LockedShip, host: string, said: Said): Pick<Seen, "standing" | "why"> {
  if (!said.ok) return { standing: "unknown", why: `${host} did not answer: ${said.said}` };
  const line = said.out.split("\n").find((l) => l.startsWith(`${id} `)) ?? "";
  const [, firstBoot, reason] = /^\S+ first boot: (never|started|done);.*; quarantine: ?(.*)$/.exec(line) ?? [];
  if (firstBoot === undefined) return { standing: "unknown", why: `${host} has no record of it that can be read` };
  // Whoever lets it go may need another key for it.
  if (reason !== "") return { standing: "waits", why: "it is quarantined" };
  if (firstBoot === "done")
    return {
      standing: "booted",
      why: imported ? "it runs from the pier that was brought in" : "its first boot is over",
    };
  if (imported) return { standing: "waits", why: "its pier has not been brought in, or never started" };
  return {
    standing: "waits",
    why: firstBoot === "never" ? "it has not booted yet" : "its first boot has begun, and is not over",
  };
}

// What of a host can be given once only, or has to be large enough: ports and disks.
import { GROUNDSEG_EXTRA_GIB, LEAST_PIER_GIB } from "../../../planner/host-fields";
import type { PredicateProblem } from "../../../planner/predicates";
import { GROUNDSEG_API_PORT, GROUNDSEG_UI_PORT } from "./groundseg-command";
import type { HostPlace } from "./place";
import { HostKind, type HostSettings } from "./settings";

/** Debian with what the bootstrap installs, and room for logs and upgrades, GiB. Own judgment. */
const LEAST_ROOT_GIB = 8;
/** vere's loopback, by its source: the first ship's, and upward from there when it is taken. */
const VERE_LOOPBACK = 12321;
const LEAST_PORT = 1024;
const MOST_PORT = 65535;

export function portProblems(settings: HostSettings): PredicateProblem[] {
  const out: PredicateProblem[] = [];
  const taken = new Map<string, string>([
    ["tcp/22", "SSH"],
    ["tcp/80", "Caddy"],
    ["tcp/443", "Caddy"],
  ]);
  if (settings.kind === HostKind.GroundSeg)
    for (const p of [GROUNDSEG_API_PORT, GROUNDSEG_UI_PORT, 8080, 19999]) taken.set(`tcp/${p}`, "GroundSeg");
  else settings.ships.forEach((_, i) => taken.set(`tcp/${VERE_LOOPBACK + i}`, "vere"));
  settings.ships.forEach((ship, i) => {
    for (const [field, protocol, port] of [
      ["amesPort", "udp", ship.amesPort],
      ["httpPort", "tcp", ship.httpPort],
    ] as const) {
      const key = `${protocol}/${port}`;
      const holder = taken.get(key);
      const usable = Number.isInteger(port) && port >= LEAST_PORT && port <= MOST_PORT;
      if (holder === undefined && usable) taken.set(key, ship.id);
      else
        out.push({
          code: holder === undefined ? "no-port" : "port-taken",
          path: `ships[${i}].${field}`,
          received: holder === undefined ? key : `${key}, which is ${holder}'s`,
          accepted: holder === undefined ? `a port from ${LEAST_PORT} to ${MOST_PORT}` : "a free port",
          fix: "give each ship a port of its own",
        });
    }
  });
  return out;
}

/** Disks on which a ship would run full before it has begun. */
export function diskProblems(place: HostPlace, settings: HostSettings): PredicateProblem[] {
  const out: PredicateProblem[] = [];
  const groundseg = settings.kind === HostKind.GroundSeg;
  const need = settings.ships.length * LEAST_PIER_GIB + (groundseg ? GROUNDSEG_EXTRA_GIB : 0);
  if (place.volumeGiB < need)
    out.push({
      code: "small-volume",
      path: "volumeGiB",
      received: `${place.volumeGiB} GiB for ${settings.ships.length === 1 ? "one ship" : `${settings.ships.length} ships`}`,
      accepted: `at least ${need} GiB, ${LEAST_PIER_GIB} a ship${groundseg ? ` and ${GROUNDSEG_EXTRA_GIB} for Docker` : ""}`,
      fix: "give the piers a larger volume",
    });
  const root = LEAST_ROOT_GIB + settings.swapGiB;
  if (place.rootDiskGiB < root)
    out.push({
      code: "small-root-disk",
      path: "rootDiskGiB",
      received: `${place.rootDiskGiB} GiB`,
      accepted: `at least ${root} GiB, ${settings.swapGiB} of it for swap`,
      fix: "take a larger root disk, or less swap",
    });
  return out;
}

// Where every ship lives: cell, zone or host, and ports. Who has a place keeps it; new ships take free room.
import type { Candidate } from "../plan/schema";
import { CellContent, type Cells } from "./cells";
import type { FleetShip } from "./fleet";
import { CLUSTER_AMES_PORT, CLUSTER_HTTP_PORT, galaxyPort, HOST_AMES_PORT, HOST_HTTP_PORT, Ports } from "./ports";
import type { LockProblem } from "./problem";
import { problem } from "./problem";
import type { LockedShip } from "./schema";
import type { HostPlan } from "./hosts";

type Place = Pick<LockedShip, "cell" | "zone" | "host" | "ames" | "httpPort">;

export interface Placed {
  ship: FleetShip;
  place: Place;
}

/** Ships on a cluster: spread evenly over the zones inside each cell, ties over the environment. */
export function placeOnCluster(ships: FleetShip[], candidate: Candidate, cells: Cells): Placed[] {
  const zones = candidate.provider === "aws" ? candidate.zones : [];
  const inCell = new Map<string, number>();
  const inAll = new Map<string, number>();
  const count = (cell: string, zone: string): void => {
    inCell.set(`${cell} ${zone}`, (inCell.get(`${cell} ${zone}`) ?? 0) + 1);
    inAll.set(zone, (inAll.get(zone) ?? 0) + 1);
  };
  const cellOf = new Map<string, string>();
  const zoneOf = new Map<string, string | null>();
  const settle = (ship: FleetShip, cell: string, zone: string | null): void => {
    cellOf.set(ship.id, cell);
    zoneOf.set(ship.id, zone);
    if (zone !== null) count(cell, zone);
  };
  const moving: FleetShip[] = [];
  for (const ship of ships) {
    if (!ship.seat) continue;
    cells.seat(ship.seat.cell, CellContent.Cluster);
    // A claimed ship's volume stays in its zone even where the plan has no nodes any more: claims.ts refuses that.
    const stays =
      ship.claim !== "unclaimed" ||
      (zones.length === 0 ? ship.seat.zone === null : zones.includes(ship.seat.zone ?? ""));
    if (stays) settle(ship, ship.seat.cell, ship.seat.zone);
    else moving.push(ship);
  }
  const place = (ship: FleetShip, cell: string): void => {
    const least = (a: string, b: string): number =>
      (inCell.get(`${cell} ${a}`) ?? 0) - (inCell.get(`${cell} ${b}`) ?? 0) ||
      (inAll.get(a) ?? 0) - (inAll.get(b) ?? 0);
    settle(ship, cell, zones.length === 0 ? null : zones.reduce((best, z) => (least(z, best) < 0 ? z : best)));
  };
  for (const ship of moving) place(ship, ship.seat!.cell);
  for (const ship of ships) {
    if (ship.seat) continue;
    const cell = cells.next(CellContent.Cluster);
    cells.seat(cell, CellContent.Cluster);
    place(ship, cell);
  }

  const ports = new Ports(HOST_AMES_PORT);
  const keeps = (s: FleetShip): number | null =>
    galaxyPort(s) ?? (s.wish === "relayed" ? CLUSTER_AMES_PORT : s.seat?.inbound === s.wish ? s.seat.port : null);
  const kept = new Map(ships.map((s) => [s.id, keeps(s)]));
  for (const port of kept.values()) if (port !== null) ports.keep(port);
  return ships.map((ship) => ({
    ship,
    place: {
      cell: cellOf.get(ship.id)!,
      zone: zoneOf.get(ship.id) ?? null,
      host: null,
      // Several ships share a load balancer or a node's address there, so each needs a port of its own.
      ames: { inbound: ship.wish, port: kept.get(ship.id) ?? ports.free() },
      httpPort: CLUSTER_HTTP_PORT,
    },
  }));
}

/** Ships on hosts: fixed ports, counted upward on each host. */
export function placeOnHosts(ships: { ship: FleetShip; host: HostPlan }[]): Placed[] {
  const byHost = new Map<string, { ship: FleetShip; host: HostPlan }[]>();
  for (const s of ships) byHost.set(s.host.name, [...(byHost.get(s.host.name) ?? []), s]);
  const placed = new Map<string, Placed>();
  for (const here of byHost.values()) {
    const ames = new Ports(HOST_AMES_PORT);
    const http = new Ports(HOST_HTTP_PORT);
    // Ports belong to the host: a seat on another one reserves nothing here.
    const seatHere = ({ ship, host }: { ship: FleetShip; host: HostPlan }): FleetShip["seat"] =>
      ship.seat?.host === host.name ? ship.seat : null;
    const keptAmes = new Map(here.map((s) => [s.ship.id, galaxyPort(s.ship) ?? seatHere(s)?.port ?? null]));
    const keptHttp = new Map(here.map((s) => [s.ship.id, seatHere(s)?.httpPort ?? null]));
    for (const port of keptAmes.values()) if (port !== null) ames.keep(port);
    for (const port of keptHttp.values()) if (port !== null) http.keep(port);
    for (const { ship, host } of here)
      placed.set(ship.id, {
        ship,
        place: {
          cell: host.cell,
          zone: null,
          host: host.name,
          ames: { inbound: "direct", port: keptAmes.get(ship.id) ?? ames.free() },
          httpPort: keptHttp.get(ship.id) ?? http.free(),
        },
      });
  }
  return ships.map(({ ship }) => placed.get(ship.id)!);
}

export function noRoom(ships: FleetShip[], why: string, fix: string): LockProblem[] {
  if (ships.length === 0) return [];
  const names = ships
    .slice(0, 3)
    .map((s) => s.id)
    .join(", ");
  return [
    problem({
      code: "capacity",
      file: null,
      path: "ships",
      received: `${ships.length} ${ships.length === 1 ? "ship" : "ships"} without a place (${names}${ships.length > 3 ? ", …" : ""})`,
      accepted: why,
      fix,
    }),
  ];
}

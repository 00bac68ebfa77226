// How peers reach ships on a cluster: which ways are built where, and what a load balancer for Ames takes.
import { LIMITS } from "../catalog/limits";
import type { PredicateProblem } from "../predicates";
import { shown } from "../requirements/problem";
import { type Requirements, SHIP_CLASSES } from "../requirements/schema";
import { pilotSize } from "./cells";
import { cidrPlan } from "./cidr-plan";
import type { Architecture, LockedShip } from "./schema";

/** What a host port would take from every customer of the cluster. */
export const NO_HOST_PORTS =
  "a host port needs nodes with public addresses, a namespace without pod security's baseline, and source ports that are not random for any pod of the cluster";

type WhereItRuns = Pick<Requirements, "existing"> & { mode: string };

/** Why a way in for Ames is not to be had on a cluster, and what to do; null where it is built. */
export function unbuiltInbound(way: string, { mode, existing }: WhereItRuns): { why: string; fix: string } | null {
  if (way === "relayed") return null;
  const instead = "relayed, which works everywhere, or hosts, which are reached directly";
  if (way === "hostport") return { why: NO_HOST_PORTS, fix: `take ${instead}` };
  if (mode !== "eks") return { why: "built with AWS's network load balancers only", fix: `take EKS, ${instead}` };
  return existing.vpcId === undefined
    ? null
    : {
        why: "ships let in the load balancer's health checks by the public subnets' ranges, which are known of a network Roadstead lays out only",
        fix: `leave existing.vpcId out, or take ${instead}`,
      };
}

/** Ships that get a UDP listener. */
export const shipsBehindBalancers = ({ ships }: Pick<Requirements, "ships">): number =>
  ships.named.filter((s) => s.amesInbound === "nlb").length +
  (ships.amesInbound === "nlb" ? Math.max(0, ships.count - ships.named.length) : 0);

/** Cells with such a ship, each of which has a load balancer of its own; counted as a new fleet is placed. */
export function amesBalancers({ ships }: Pick<Requirements, "ships">): number {
  const pilot = pilotSize(ships.count);
  const cells = new Set<number>();
  const inOrder = SHIP_CLASSES.flatMap((of) => {
    const named = ships.named.filter((s) => s.class === of).map((s) => s.amesInbound);
    const rest = Math.max(0, ships.types[of] - named.length);
    return [...named, ...Array<string>(rest).fill(ships.amesInbound)];
  });
  inOrder.forEach((way, i) => {
    if (way === "nlb") cells.add(i < pilot ? 0 : 1 + Math.floor((i - pilot) / LIMITS.cellShips.value));
  });
  return cells.size;
}

/**
 * What is recorded for every cell once a ship of the environment is behind a load balancer. It stays when the last such ship
 * goes: other cells' load balancers stand on it until they have gone themselves.
 */
export function balancerGround(
  ships: readonly Pick<LockedShip, "ames">[],
  { zones, network }: Pick<Architecture, "zones" | "network">,
  recorded: Architecture | null,
): Pick<NonNullable<Architecture["cluster"]>, "amesLoadBalancers"> {
  const wanted = ships.some((s) => s.ames.inbound === "nlb") || recorded?.cluster?.amesLoadBalancers !== undefined;
  if (!wanted || network === null) return {};
  const subnets = cidrPlan({ cidr: network.cidr, zones }).filter((s) => s.tier === "public");
  return { amesLoadBalancers: { publicCidrs: subnets.map((s) => s.cidr) } };
}

/** A way in that a cell has no means for. */
export function amesProblems(
  ships: readonly Pick<LockedShip, "ames">[],
  balanced: boolean,
  path: (at: number) => string,
): PredicateProblem[] {
  return ships.flatMap(({ ames: { inbound } }, i): PredicateProblem[] => {
    if (inbound === "relayed" || (inbound === "nlb" && balanced)) return [];
    const why = inbound === "hostport" ? NO_HOST_PORTS : "this cell has no load balancer for Ames";
    return [
      {
        code: "ames-not-built",
        path: `${path(i)}.ames.inbound`,
        received: shown(inbound),
        accepted: balanced ? `"relayed" or "nlb"` : `"relayed"`,
        fix: `${why}; who must be reached directly, a galaxy above all, lives on a host`,
      },
    ];
  });
}

/** What a cell's load balancer listens to, in the order of the ports. */
export const portsBehindBalancer = <T extends Pick<LockedShip, "id" | "ames">>(ships: readonly T[]) =>
  ships
    .filter((s) => s.ames.inbound === "nlb")
    .map((ship) => ({ ship, id: ship.id, port: ship.ames.port }))
    .sort((a, b) => a.port - b.port);

/** A load balancer has one listener a port. */
export function sharedPortProblems(
  ships: readonly { id: string; port: number }[],
  path: (at: number) => string,
): PredicateProblem[] {
  const owners = new Map<number, string>();
  return ships.flatMap(({ id, port }, i): PredicateProblem[] => {
    const other = owners.get(port);
    owners.set(port, other ?? id);
    if (other === undefined) return [];
    return [
      {
        code: "ames-port-twice",
        path: path(i),
        received: `${port}, which is ${other}'s too`,
        accepted: "a port of its own: one listener a port",
        fix: "take the ports the lock records",
      },
    ];
  });
}

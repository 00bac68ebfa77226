// What of a lock costs something and was priced by no plan: whom it keeps because of ships that were there before.
import { type HostPlan, isKept, isOwnNode } from "./hosts";
import type { Tombstone } from "./schema";

/** More hosts than this are said by their number. */
const LISTED = 5;

/** One line a kept host, and one for the volumes of ships that left; none where the plan's total is what will be paid. */
export function unpriced(hosts: readonly HostPlan[], tombstones: readonly Tombstone[], provider: string): string[] {
  const kept = hosts.filter((h) => isKept(h.node));
  const lines = kept
    .slice(0, LISTED)
    .map((h) => `kept host ${h.name}: ${isOwnNode(h.node) ? "not in the file" : h.node.type}, not priced by the plan`);
  if (kept.length > LISTED) lines.push(`${kept.length - LISTED} more kept hosts, not priced by the plan`);
  // On a disk of one's own a pier that stays costs nothing more.
  const own = new Set(hosts.filter((h) => isOwnNode(h.node)).map((h) => h.name));
  const left = tombstones.filter((t) => provider !== "own" && !own.has(t.host ?? ""));
  if (left.length > 0)
    lines.push(
      `kept volumes of ${left.length} removed ${left.length === 1 ? "ship" : "ships"}, ${left.reduce((sum, t) => sum + t.diskGiB, 0)} GiB: not priced by the plan`,
    );
  return lines;
}

// What the rollout engine knows about ships that run: kept beside the architecture in the stack file, outside its
// digest, since it changes without a new decision.
import { z } from "zod";
import { isPlaceholder } from "./identity";
import type { LockedShip } from "./schema";

export const shipRunStateSchema = z.strictObject({
  claim: z.enum(["claimed", "unclaimed"]),
  firstBoot: z.enum(["never", "started", "done"]),
  /** Last event number seen; null while unknown. */
  lastEvent: z.number().int().min(0).nullable(),
  /** Event number at the recorded clean stop; null while the ship runs or none is recorded. */
  cleanStopEvent: z.number().int().min(0).nullable(),
});
export type ShipRunState = z.infer<typeof shipRunStateSchema>;

/** By ship id. */
export const runStateSchema = z.record(z.string(), shipRunStateSchema);
export type RunState = z.infer<typeof runStateSchema>;

export type Claim = "claimed" | "unclaimed" | "unknown";

/** A ship may be nicknamed `constructor`: only own members count. */
export const stateOf = (runState: RunState, id: string): ShipRunState | undefined =>
  Object.hasOwn(runState, id) ? runState[id] : undefined;

/**
 * Whether a ship of a recorded lock may have booted. A ship planned by count never has: `up` refuses it. A sealed or
 * imported one has. A named one without run state is `unknown`, and unknown is not "no".
 */
export function claimOf(ship: LockedShip, runState: RunState): Claim {
  if (isPlaceholder(ship.id)) return "unclaimed";
  const state = stateOf(runState, ship.id);
  if (ship.sealed || ship.imported) return "claimed";
  if (state === undefined) return "unknown";
  return state.claim === "claimed" || state.firstBoot !== "never" ? "claimed" : "unclaimed";
}

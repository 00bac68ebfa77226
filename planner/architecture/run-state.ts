// What the rollout engine knows about ships that run: kept beside the architecture in the stack file, outside its
// digest, since it changes without a new decision.
import { z } from "zod";
import type { Architecture, LockedShip } from "./schema";

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

/** A ship of a recorded lock. Without run state a named ship is `unknown`, and unknown is not "no". A ship without a name is never claimed: nothing of it can have booted. */
export function claimOf(ship: LockedShip, runState: RunState, architecture: Architecture): Claim {
  void architecture;
  if (ship.name === null && ship.class !== "comet") return "unclaimed";
  if (ship.id.startsWith("unnamed-")) return "unclaimed";
  return runState[ship.id]?.claim ?? "unknown";
}

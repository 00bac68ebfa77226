// The scripts of ships' pods as one object a cell, and how a pod comes by them. A pod runs the scripts its template was written
// with for as long as it lives: a library that brings new ones changes nothing under a ship that runs.
import { createHash } from "node:crypto";
import { CLAIM_SCRIPT, KEEP_SCRIPT } from "./claim-scripts";
import { ENTRYPOINT_SCRIPT, PROBE_SCRIPT } from "./entrypoint";

export const SCRIPTS = {
  "claim.sh": CLAIM_SCRIPT,
  "keep.sh": KEEP_SCRIPT,
  "entrypoint.sh": ENTRYPOINT_SCRIPT,
  "probe.sh": PROBE_SCRIPT,
} as const;

const CONTENT = createHash("sha256")
  .update(JSON.stringify(Object.entries(SCRIPTS)))
  .digest("hex")
  .slice(0, 10);

/** By what is in it: other scripts are another object, so that no template ever finds other scripts than its own. */
export const scriptsName = (cell: string): string => `ship-scripts-${cell}-${CONTENT}`;

/**
 * How the pod's first container begins: it takes the scripts over into the pod's own volume, once. The object they came from
 * may go while the pod runs, and its node may start again.
 */
export const TAKE_SCRIPTS = `from=\${ROADSTEAD_SOURCE:-/run/scripts}
to=\${ROADSTEAD_SCRIPTS:-/roadstead}
if [ ! -e "$to/whole" ]; then
  cp "$from"/*.sh "$to/" && : > "$to/whole" || exit 1
fi
exec /bin/sh "$to/claim.sh"
`;

// The recorded architecture as a stack's config hands it over: checked again, since a file can be edited. No Pulumi here.
import { parseArchitecture } from "../planner/architecture/check";
import { architectureDigest } from "../planner/architecture/digest";
import { isPlaceholder } from "../planner/architecture/identity";
import { missingVersions } from "../planner/architecture/missing";
import type { Architecture } from "../planner/architecture/schema";
import { foreignKeyProblem } from "../planner/boot-key";
import { shipsWithKey } from "./cell-plan";
import { readHostKeys } from "./host-keys";

export interface Lock {
  architecture: Architecture;
  requirementsDigest: string;
  architectureDigest: string;
  /** By host name. Beside the decision, not part of it: a host has its key only after `up`. */
  hostKeys: Record<string, string>;
}

/** A stack whose lock cannot be applied; the message says what to do. */
export class LockRefused extends Error {}

/** Keys of the config namespace `roadstead`, as pulumi.Config reads them. */
export interface LockConfig {
  getObject(key: string): unknown;
  get(key: string): string | undefined;
}

export function readLock(stack: string, config: LockConfig): Lock {
  const file = `Pulumi.${stack}.yaml`;
  const recorded = recordedIn(config, file);
  if (recorded === undefined)
    throw new LockRefused(
      `${file}: no architecture is recorded. Record one: roadstead plan FILE --stack ${stack} --write`,
    );
  const { architecture, problems } = parseArchitecture(recorded, file, "config.roadstead:architecture", stack);
  if (architecture === null) throw new LockRefused(problems.map((p) => p.message).join("\n"));
  const expected = config.get("architectureDigest");
  const actual = architectureDigest(architecture);
  if (expected !== actual)
    throw new LockRefused(
      `${file}: config.roadstead:architectureDigest: received ${expected ?? "nothing"}; accepted: ${actual}, the digest of the ` +
        "recorded architecture. It was changed after it was written: restore the file, or write it again with roadstead plan --write",
    );
  const requirementsDigest = config.get("requirementsDigest");
  if (requirementsDigest === undefined)
    throw new LockRefused(
      `${file}: config.roadstead:requirementsDigest: received nothing; restore the file from version control`,
    );
  return { architecture, requirementsDigest, architectureDigest: actual, hostKeys: hostKeysIn(config, file) };
}

function hostKeysIn(config: LockConfig, file: string): Record<string, string> {
  const { keys, problems } = readHostKeys(() => config.getObject("hostKeys"), file);
  if (problems.length > 0) throw new LockRefused(problems.join("\n"));
  return keys;
}

function recordedIn(config: LockConfig, file: string): unknown {
  try {
    return config.getObject("architecture");
  } catch {
    throw new LockRefused(
      `${file}: config.roadstead:architecture is not an object; restore the file from version control`,
    );
  }
}

/**
 * The lock without ships planned by count and the hosts that are theirs alone: `up` builds the platform and nothing for a
 * ship nobody named. No such ship has ever booted, so none is taken away by leaving it out.
 */
export function nameable(architecture: Architecture): { architecture: Architecture; leftOut: number } {
  const ships = architecture.ships.filter((s) => !isPlaceholder(s.id));
  const hosts = architecture.hosts.filter((h) => h.kind !== "vps" || !isPlaceholder(h.name));
  return { architecture: { ...architecture, ships, hosts }, leftOut: architecture.ships.length - ships.length };
}

/** What `up` refuses without, one line each. */
export function refusals(architecture: Architecture): string[] {
  return missingVersions(architecture).map((m) => `${m.path}: ${m.what} is missing: ${m.why}. Find it: ${m.how}`);
}

/** Boot keys that are another ship's, one line each; `key` gives a config secret's text, if it is set. The keys stay here. */
export function foreignKeys(architecture: Architecture, key: (secret: string) => string | undefined): string[] {
  return shipsWithKey(architecture).flatMap((ship) => {
    const text = key(ship.key.secret);
    const problem = text === undefined ? null : foreignKeyProblem(ship, text, `config secret ${ship.key.secret}`);
    return problem === null
      ? []
      : [`${problem.path}: received ${problem.received}; accepted: ${problem.accepted}; ${problem.fix}`];
  });
}

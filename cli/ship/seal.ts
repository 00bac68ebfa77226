// `roadstead ship seal STACK`: reads the claims of a stack's ships in their cluster, or the records on their hosts, and records those
// that have booted as sealed, so that the next `up` declares their keys no more. Only a claim or record that says so counts: what
// cannot be read is not sealed.
import * as path from "node:path";
import { ANNOTATION, claimHolder, REGISTRY_NAMESPACE } from "../../components/fleet/render/names";
import type { Architecture, LockedShip } from "../../planner/architecture/schema";
import { sealable, sealShips } from "../../planner/architecture/seal";
import { parseStackFile, writeStackFile } from "../../planner/architecture/stack-file";
import { EXIT, type ExitCode, usage } from "../exit";
import { writeAll } from "../files";
import type { Io } from "../io";
import { POLICY_PACK, upCommand } from "../next-steps";
import { type Project, projectOf, readStackFile } from "../project";
import { Kubectl, type KubectlOptions } from "./kubectl";
import { lookAtHosts } from "./seal-hosts";
import { refuseProblems } from "./wishes";

export interface ShipSealOptions extends KubectlOptions {
  /** Records what was found. Default: only shows it. */
  write?: boolean;
  json?: boolean;
}

/**
 * booted: its claim is this stack's and says so;
 * waits: it never booted, or its first boot is not over;
 * unknown: there is no claim of this stack's to read, or nothing in it that is known.
 */
export type Standing = "booted" | "waits" | "unknown";
export interface Seen {
  ship: string;
  /** The config secret that holds its boot key; null for an imported ship, which has none. */
  secret: string | null;
  standing: Standing;
  why: string;
}
interface Lease {
  metadata: { name: string; annotations?: Record<string, string> };
  spec?: { holderIdentity?: string };
}

export async function shipSeal(stack: string, options: ShipSealOptions, io: Io): Promise<ExitCode> {
  const project = projectOf(io);
  const { file, text } = readStackFile(io, project, stack);
  const parsed = parseStackFile(file, text);
  refuseProblems(parsed.problems);
  const { architecture, requirementsDigest } = parsed;
  if (architecture === null || requirementsDigest === null)
    throw usage(`${file}: records no architecture yet. Record one with roadstead plan FILE --stack ${stack} --write`);
  const holding = sealable(architecture);
  const inCluster = holding.filter((s) => s.host === null);
  const seen = [
    ...(await lookAt(inCluster, architecture, new Kubectl(io, options))),
    ...(await lookAtHosts(holding, stack, io)),
  ];
  const booted = new Set(seen.filter((s) => s.standing === "booted").map((s) => s.ship));
  const written = options.write === true && booted.size > 0;
  if (written) {
    // A key set while the cluster was asked would be lost with what was read before.
    if (readStackFile(io, project, stack).text !== text)
      throw usage(`${file}: was changed meanwhile; nothing was written. Again: roadstead ship seal ${stack} --write`);
    const sealed = writeStackFile(text, { architecture: sealShips(architecture, booted), requirementsDigest });
    // What could not be read back is never written.
    refuseProblems(parseStackFile(file, sealed).problems);
    writeAll([{ root: project.root, path: path.resolve(io.cwd, file), text: sealed }]);
  }
  const next = booted.size === 0 ? [] : nextCommands(stack, seen, project, written);
  io.out(
    options.json
      ? `${JSON.stringify({ schema: "roadstead/seal/1", stack, ships: seen, written, next }, null, 2)}\n`
      : spoken(seen, written, next, file),
  );
  return seen.some((s) => s.standing === "unknown") ? EXIT.refused : EXIT.done;
}

async function lookAt(ships: readonly LockedShip[], { stack }: Architecture, kubectl: Kubectl): Promise<Seen[]> {
  if (ships.length === 0) return [];
  const list = await kubectl.get<{ items: Lease[] }>("leases.coordination.k8s.io", "--namespace", REGISTRY_NAMESPACE);
  const claims = new Map((list?.items ?? []).map((lease) => [lease.metadata.name, lease]));
  return ships.map((ship) => ({
    ship: ship.id,
    secret: ship.key?.secret ?? null,
    ...standingOf(claims.get(ship.id), claimHolder(stack, ship.tenant)),
  }));
}

function standingOf(claim: Lease | undefined, holder: string): { standing: Standing; why: string } {
  if (claim === undefined) return { standing: "unknown", why: "this cluster has no claim of it" };
  const found = claim.spec?.holderIdentity;
  if (found !== holder)
    return { standing: "unknown", why: `its claim belongs to ${found ?? "nobody"}, not to ${holder}` };
  const firstBoot = claim.metadata.annotations?.[ANNOTATION.firstBoot];
  if (firstBoot === "done") return { standing: "booted", why: "its first boot is over" };
  if (firstBoot === "never") return { standing: "waits", why: "it has not booted yet" };
  if (firstBoot === "started") return { standing: "waits", why: "its first boot has begun, and is not over" };
  return { standing: "unknown", why: `its claim's first boot is ${JSON.stringify(firstBoot ?? null)}` };
}

function nextCommands(stack: string, seen: readonly Seen[], project: Project, written: boolean): string[] {
  if (!written) return [`roadstead ship seal ${stack} --write`];
  const used = seen.filter((s) => s.standing === "booted");
  // A secret that another ship's first boot still needs stays.
  const needed = new Set(seen.filter((s) => s.standing !== "booted").map((s) => s.secret));
  const gone = [...new Set(used.flatMap((s) => s.secret ?? []))].filter((secret) => !needed.has(secret));
  return [
    upCommand(stack, POLICY_PACK),
    ...gone.map((secret) => `pulumi config rm --stack ${stack} ${project.name}:${secret}`),
  ];
}

const MARK: Record<Standing, string> = { booted: "✓", waits: "·", unknown: "!" };

function spoken(seen: readonly Seen[], written: boolean, next: readonly string[], file: string): string {
  if (seen.length === 0) return "Every ship of this stack that boots from a key or was brought in is sealed.\n";
  const booted = seen.filter((s) => s.standing === "booted").length;
  const verdict = written
    ? `${file}: ${booted} sealed. The next up declares their keys no more; no ship is restarted.`
    : `${booted} of ${seen.length} can be sealed${booted > 0 ? " (nothing was written)" : ""}.`;
  return [
    verdict,
    ...seen.map((s) => `  ${MARK[s.standing]} ${s.ship}: ${s.why}`),
    ...(next.length > 0 ? ["", "Then", ...next.map((n) => `  ${n}`)] : []),
    "",
  ].join("\n");
}

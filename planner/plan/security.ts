// Which protections a way to host has, by name. The score is the share of them that is present.
import type { Requirements } from "../requirements/schema";
import type { Draft } from "./draft";
import { backupRejections } from "../backups";
import { volumeProtection } from "../volume-key";
import { KUBERNETES } from "./filter";

const CONTROLS = [
  "encrypted pier volume",
  "key to the volume kept apart from it",
  "firewall outside the machine",
  "hardened operating system",
  "ships not reachable but through the edge",
  "one customer cannot reach another's ships",
  "memory limits per ship",
  "audit log of administration",
  "monitoring and alerts",
  "copies off the machine",
  "admission rules against drift",
] as const;
type Control = (typeof CONTROLS)[number];

const HOST: Control[] = ["encrypted pier volume", "hardened operating system"];
const OF_MODE: Record<Draft["mode"], Control[]> = {
  managed: [],
  "bare-metal": HOST,
  vps: [...HOST, "firewall outside the machine"],
  "multi-vps": [
    ...HOST,
    "firewall outside the machine",
    "one customer cannot reach another's ships",
    "memory limits per ship",
  ],
  groundseg: [...HOST, "firewall outside the machine", "ships not reachable but through the edge"],
  hybrid: HOST,
  doks: [
    "encrypted pier volume",
    "ships not reachable but through the edge",
    "one customer cannot reach another's ships",
    "memory limits per ship",
    "monitoring and alerts",
    "admission rules against drift",
  ],
  eks: CONTROLS.filter((c) => c !== "hardened operating system"),
  gke: [],
  aks: [],
  // The rest follows from what is known of it.
  "existing-cluster": ["memory limits per ship", "admission rules against drift"],
};

export function securityOf(
  requirements: Requirements,
  draft: Draft,
): { score: number; present: string[]; absent: string[] } {
  const has = new Set<Control>(OF_MODE[draft.mode]);
  // EBS volumes are encrypted with a KMS key, and snapshots leave the machine.
  if (draft.provider === "aws" && !KUBERNETES.has(draft.mode) && draft.mode !== "hybrid")
    for (const c of ["key to the volume kept apart from it", "copies off the machine"] as const) has.add(c);
  const { ownDisks, keyApart } = volumeProtection(requirements, draft);
  if (!ownDisks) has.delete("encrypted pier volume");
  if (keyApart) has.add("key to the volume kept apart from it");
  if (requirements.backups !== undefined && backupRejections(requirements, draft).length === 0)
    has.add("copies off the machine");
  if (draft.mode === "vps" && requirements.ships.count === 1) has.add("one customer cannot reach another's ships");
  if (KUBERNETES.has(draft.mode) && requirements.existing.monitoring !== undefined) has.add("monitoring and alerts");
  if (draft.mode === "existing-cluster") {
    const { cluster: facts, storageClass } = requirements.existing;
    if (facts?.networkPolicies.enforced === "yes") {
      has.add("ships not reachable but through the edge");
      has.add("one customer cannot reach another's ships");
    }
    if (facts?.storageClasses.some((c) => c.name === storageClass && c.encrypted === "yes"))
      has.add("encrypted pier volume");
  }
  return {
    score: Math.round((100 * has.size) / CONTROLS.length),
    present: CONTROLS.filter((c) => has.has(c)),
    absent: CONTROLS.filter((c) => !has.has(c)),
  };
}

// kube-score on the Kubernetes objects of one fleet.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { from } from "./programs";
import type { Finding } from "./verdicts";

/** Of the checks that are off by default, those that ask for more than the others; the rest contradict them. */
const ALSO = ["container-seccomp-profile", "container-ports-check"];
const ALL_WELL = 10;

interface Scored {
  type_meta: { kind: string };
  object_meta: { name: string; namespace?: string };
  checks: {
    check: { id: string };
    grade: number;
    skipped: boolean;
    comments: { path: string; summary: string }[] | null;
  }[];
}

export interface Scores {
  findings: Finding[];
  /** Resources it has scored. */
  seen: string[];
}

export function kubeScore(fleet: string, dir: string, kubernetes: string): Scores {
  const manifests = fs.readdirSync(path.join(dir, "manifests")).map((file) => path.join(dir, "manifests", file));
  const args = ["score", "--output-format", "json", "--kubernetes-version", `v${kubernetes}`];
  const also = ALSO.flatMap((check) => ["--enable-optional-test", check]);
  const done = spawnSync(from("ROADSTEAD_KUBE_SCORE"), [...args, ...also, ...manifests], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 60_000,
  });
  // 1: something is critical.
  if (done.status !== 0 && done.status !== 1)
    throw new Error(`kube-score ended with ${done.status ?? done.signal}: ${done.stderr.trim().slice(-2_000)}`);
  const scored = JSON.parse(done.stdout) as Scored[];
  const name = ({ type_meta, object_meta }: Scored): string =>
    [type_meta.kind, ...(object_meta.namespace ? [object_meta.namespace] : []), object_meta.name].join(".");
  return {
    seen: scored.map(name),
    findings: scored.flatMap((object) =>
      object.checks
        .filter((c) => !c.skipped && c.grade < ALL_WELL)
        .flatMap((c) =>
          (c.comments ?? [{ path: "", summary: "no comment" }]).map(({ path: container, summary }) => ({
            // One id is about several things: a missing memory limit is not a missing processor limit.
            check: `${c.check.id}: ${summary}`,
            resource: container === "" ? name(object) : `${name(object)}[${container}]`,
            says: `grade ${c.grade}`,
            fleet,
          })),
        ),
    ),
  };
}

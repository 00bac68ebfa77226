// PyPI checkov, on the Kubernetes objects, the cloud resources as Terraform, and every file for secrets. One run for all
// fleets: most of its time is its start.
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { from } from "./programs";
import type { Finding } from "./verdicts";

const LIMIT_MS = 480_000;
const FRAMEWORKS = ["kubernetes", "terraform", "secrets"];

interface Check {
  check_id: string;
  check_name: string;
  file_path: string;
  resource: string;
}
interface Report {
  check_type: string;
  results: { failed_checks: Check[]; passed_checks: Check[]; parsing_errors: string[] };
  summary: { parsing_errors: number; checkov_version: string };
}

export interface Judged {
  version: string;
  findings: Finding[];
  /** `fleet: resource` of everything a check has looked at. */
  seen: Set<string>;
  passed: number;
  unread: string[];
}

/** Judges a folder that holds one folder a fleet. */
export function checkov(root: string): Judged {
  const args = ["-m", "checkov.main", "--directory", root, "--framework", ...FRAMEWORKS];
  const quiet = ["--compact", "--skip-download", "--output", "json"];
  const done = spawnSync("python3", [...args, ...quiet], {
    encoding: "utf8",
    env: {
      ...process.env,
      PYTHONPATH: from("ROADSTEAD_CHECKOV"),
      LOG_LEVEL: "ERROR",
      // After ten seconds it would call a file unreadable, which on a busy machine it is not.
      HCL_PARSE_TIMEOUT_SEC: String(LIMIT_MS / 1000),
    },
    maxBuffer: 1 << 30,
    timeout: LIMIT_MS,
  });
  // 1: it found something.
  if (done.status !== 0 && done.status !== 1)
    throw new Error(`checkov ended with ${done.status ?? done.signal}: ${done.stderr.trim().slice(-2_000)}`);
  const parsed = JSON.parse(done.stdout) as Report | Report[];
  const reports = Array.isArray(parsed) ? parsed : [parsed];
  const fleetOf = (check: Check): string => check.file_path.split("/")[1]!;
  return {
    version: reports[0]!.summary.checkov_version,
    findings: reports.flatMap(({ check_type, results }) =>
      results.failed_checks.map((check) => ({
        check: check.check_id,
        resource: check_type === "secrets" ? path.basename(check.file_path) : check.resource,
        says: check.check_name,
        fleet: fleetOf(check),
      })),
    ),
    seen: new Set(
      reports.flatMap(({ results }) =>
        [...results.failed_checks, ...results.passed_checks].map((check) => `${fleetOf(check)}: ${check.resource}`),
      ),
    ),
    passed: reports.reduce((sum, { results }) => sum + results.passed_checks.length, 0),
    unread: reports.flatMap(({ results }) => results.parsing_errors),
  };
}

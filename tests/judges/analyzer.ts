// PyPI network-config-analyzer: says which connections the network policies of given manifests allow. It needs no cluster.
// Its blind spots: what a network plugin really enforces and when, and that a pod also has an address: a rule for a
// network (ipBlock) is never weighed against the pods inside it.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import type { KubeObject } from "../cluster/control-plane/api";
import { from } from "./programs";
import type { Finding } from "./verdicts";

/** Kinds it reads; texts with templates in them, such as alert rules, it would skip with their whole file. */
const READS = ["Namespace", "NetworkPolicy", "Pod", "StatefulSet", "Job", "Service"];
const CLI = "import sys; from nca.nca_cli import nca_main; sys.exit(nca_main())";

/** A policy lies in a file of its own, so that what is said of a line is said of a policy. Namespaces come first. */
function ask(objects: readonly KubeObject[], question: string, ...format: string[]): { said: string } {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-traffic-"));
  try {
    const read = objects.filter(({ kind }) => READS.includes(kind));
    const policies = read.filter(({ kind }) => kind === "NetworkPolicy");
    const resources = read.filter(({ kind }) => kind !== "NetworkPolicy");
    resources.sort((a, b) => Number(b.kind === "Namespace") - Number(a.kind === "Namespace"));
    for (const folder of ["policies", "resources"]) fs.mkdirSync(path.join(dir, folder));
    for (const o of policies) fs.writeFileSync(path.join(dir, "policies", `${nameOf(o)}.yaml`), stringify(o));
    fs.writeFileSync(
      path.join(dir, "resources/all.yaml"),
      resources.map((o) => `---\n${JSON.stringify(o)}\n`).join(""),
    );
    const args = [question, path.join(dir, "policies"), "--resource_list", path.join(dir, "resources"), "--return_0"];
    const done = spawnSync("python3", ["-c", CLI, ...args, ...format], {
      encoding: "utf8",
      env: { ...process.env, PYTHONPATH: from("ROADSTEAD_NETWORK_CONFIG_ANALYZER") },
      timeout: 120_000,
      maxBuffer: 1 << 28,
    });
    const said = done.stdout + done.stderr;
    if (done.status !== 0 || /Skipping|Traceback|Error:|was not executed|is missing/.test(said))
      throw new Error(`network-config-analyzer ended with ${done.status ?? done.signal}: ${said.slice(-2_000)}`);
    return { said };
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

const nameOf = ({ kind, metadata }: KubeObject): string => [kind, metadata.namespace, metadata.name].join(".");

export interface Connection {
  /** `namespace/name` of a pod or workload, or a range of addresses. */
  from: string;
  to: string;
  /** Such as `protocols:TCP,dst_ports:443`, or `All connections`. */
  allowed: string;
}

/** Every connection the policies among these objects allow. */
export function connections(objects: readonly KubeObject[]): Connection[] {
  const { said } = ask(objects, "--connectivity", "--output_format", "txt_no_fw_rules");
  const lines = said.matchAll(/^(\S+?)(?:\[\w+\])? => (\S+?)(?:\[\w+\])? : (.*)$/gm);
  return [...lines].map(([, from, to, allowed]) => ({ from: from!, to: to!, allowed: allowed!.replace(/[{}]/g, "") }));
}

/** What it finds wrong with the policies themselves: rules without effect, selectors that select nothing. */
export function faultsOf(fleet: string, objects: readonly KubeObject[]): Finding[] {
  const { said } = ask(objects, "--sanity");
  if (!/sanity check/.test(said)) throw new Error(`no sanity check was made: ${said}`);
  return said.split("\n").flatMap((line) => {
    const warning = /(NetworkPolicy\.\S+?)\.yaml:\d+:\d+: Warning: (.*)$/.exec(line);
    const fault = /^((?:Ingress|Egress) rule no\. \d+ in )?NetworkPolicy (\S+) (.*)$/.exec(line);
    if (warning !== null) return { fleet, resource: warning[1]!, check: warning[2]!, says: "a warning" };
    if (fault === null) return [];
    const [, rule, name, says] = fault;
    const check = rule === undefined ? says! : `a rule ${says!}`;
    return { fleet, resource: `NetworkPolicy.${name!.replace("/", ".")}`, check, says: "a fault" };
  });
}

/** First and last address of a range as the analyzer writes it; null for a workload. */
export function rangeOf(end: string): [number, number] | null {
  const match = /^(\d+(?:\.\d+){3})(?:-(\d+(?:\.\d+){3}))?$/.exec(end);
  return match === null ? null : [number(match[1]!), number(match[2] ?? match[1]!)];
}

const number = (address: string): number => address.split(".").reduce((n, part) => n * 256 + Number(part), 0);

/** What may be said to an address by a workload; empty: nothing. */
export const allowedTo = (all: readonly Connection[], from: string, address: string): string[] =>
  all.filter((c) => c.from === from && holds(c.to, address)).map((c) => c.allowed);

/** What may be said by an address to a workload. */
export const allowedFrom = (all: readonly Connection[], address: string, to: string): string[] =>
  all.filter((c) => c.to === to && holds(c.from, address)).map((c) => c.allowed);

function holds(end: string, address: string): boolean {
  const range = rangeOf(end);
  return range !== null && range[0] <= number(address) && number(address) <= range[1];
}

// PyPI network-config-analyzer: says which connections the network policies of given manifests allow. It needs no cluster.
// Its blind spots: what a network plugin really enforces and when, and that a pod also has an address: a rule for a
// network (ipBlock) is never weighed against the pods inside it.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { KubeObject } from "../control-plane/api";
import { cacheFolder } from "../control-plane/programs";

const VERSION = "2.1.0";
/** Kinds it reads; texts with templates in them, such as alert rules, it would skip with their whole file. */
const READS = ["Namespace", "NetworkPolicy", "Pod", "StatefulSet", "Service"];

/** Installed once, into an environment of its own; a mark says that the folder is whole. */
export function installAnalyzer(): string {
  const home = path.join(cacheFolder(), `network-config-analyzer-${VERSION}`);
  const program = path.join(home, "bin/nca");
  if (fs.existsSync(path.join(home, "installed"))) return program;
  const run = (command: string, args: string[]): void => {
    try {
      execFileSync(command, args, { stdio: "pipe", timeout: 240_000 });
    } catch (error) {
      const { stderr, message } = error as { stderr?: Buffer; message: string };
      throw new Error(
        `network-config-analyzer ${VERSION} cannot be installed: ${stderr?.toString().trim().split("\n").at(-1) || message}. It needs python3 with venv, and PyPI, once`,
        { cause: error },
      );
    }
  };
  fs.rmSync(home, { recursive: true, force: true });
  run("python3", ["-m", "venv", home]);
  run(path.join(home, "bin/pip"), ["install", "--quiet", `network-config-analyzer==${VERSION}`]);
  fs.writeFileSync(path.join(home, "installed"), "");
  return program;
}

export interface Connection {
  /** `namespace/name` of a pod or workload, or a range of addresses. */
  from: string;
  to: string;
  /** Such as `protocols:TCP,dst_ports:443`, or `All connections`. */
  allowed: string;
}

/** Every connection the policies among these objects allow. */
export function connections(objects: readonly KubeObject[]): Connection[] {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-traffic-"));
  try {
    const read = objects.filter((o) => READS.includes(o.kind));
    fs.writeFileSync(path.join(dir, "objects.yaml"), read.map((o) => `---\n${JSON.stringify(o)}\n`).join(""));
    const args = ["--connectivity", dir, "--resource_list", dir, "--output_format", "txt_no_fw_rules", "--return_0"];
    const text = execFileSync(installAnalyzer(), args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 120_000,
      maxBuffer: 1 << 28,
    });
    const lines = text.matchAll(/^(\S+?)(?:\[\w+\])? => (\S+?)(?:\[\w+\])? : (.*)$/gm);
    return [...lines].map(([, from, to, allowed]) => ({
      from: from!,
      to: to!,
      allowed: allowed!.replace(/[{}]/g, ""),
    }));
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
}

/** First and last address of a range as the analyzer writes it; null for a workload. */
export function rangeOf(end: string): [number, number] | null {
  const match = /^(\d+(?:\.\d+){3})(?:-(\d+(?:\.\d+){3}))?$/.exec(end);
  return match === null ? null : [number(match[1]!), number(match[2] ?? match[1]!)];
}

const number = (address: string): number => address.split(".").reduce((n, part) => n * 256 + Number(part), 0);

/** What may be said to an address by a workload; empty: nothing. */
export const allowedTo = (all: readonly Connection[], from: string, address: string): string[] =>
  all
    .filter((c) => c.from === from)
    .filter((c) => {
      const range = rangeOf(c.to);
      return range !== null && range[0] <= number(address) && number(address) <= range[1];
    })
    .map((c) => c.allowed);

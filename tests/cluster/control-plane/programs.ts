// The programs a control plane is made of: built once by `npm run tools`, outside the checkout. tools/programs.mjs knows
// where; it is an ES module, which Jest cannot load, so it is asked in a process of its own.
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

export const NAMES = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kwok",
  "kubectl",
] as const;
export type Programs = Record<(typeof NAMES)[number], string>;

const TOOLS = pathToFileURL(path.join(__dirname, "../../../tools/programs.mjs")).href;
const ASK = `
  const { program, CACHE } = await import(${JSON.stringify(TOOLS)});
  const cache = process.argv[1] || CACHE;
  const found = {}, missing = [];
  for (const name of ${JSON.stringify(NAMES)})
    try { found[name] = program(name, cache); } catch (error) { missing.push(error.message); }
  console.log(JSON.stringify({ found, missing }));`;

interface Found {
  found: Programs;
  missing: string[];
}

function ask(cache = ""): Found {
  const text = execFileSync(process.execPath, ["--input-type=module", "--eval", ASK, cache], { encoding: "utf8" });
  return JSON.parse(text) as Found;
}

/** Throws what to do when one is missing. `cache`: where `npm run tools` puts what it builds. */
export function programs(cache?: string): Programs {
  const { found, missing } = ask(cache);
  if (missing.length > 0) throw new Error(missing.join("\n"));
  return found;
}

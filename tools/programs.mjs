// The programs the engine, cluster and judges' suites run, each in a Go module of its own so that no program's dependencies decide
// another's, and where a built one is kept.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** Without `-X` these programs print no version, and Pulumi's Automation API refuses one without. */
const stamp = (values) => Object.entries(values).map(([name, value]) => `-X ${name}=${value}`);

/** `builds`: program → package. `minutes`: cold, two cores, as measured. */
export const MODULES = {
  pulumi: {
    version: "3.250.0",
    minutes: 6,
    builds: { pulumi: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" },
    ldflags: stamp({ "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "v3.250.0" }),
  },
  kubernetes: {
    version: "1.36.3",
    minutes: 12,
    builds: {
      "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
      "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
      "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
      kubectl: "k8s.io/kubernetes/cmd/kubectl",
    },
    ldflags: stamp({
      "k8s.io/component-base/version.gitVersion": "v1.36.3",
      "k8s.io/component-base/version.gitMajor": "1",
      "k8s.io/component-base/version.gitMinor": "36",
    }),
  },
  // Both carry their version as a constant.
  etcd: { version: "3.6.5", minutes: 1, builds: { etcd: "go.etcd.io/etcd/server/v3" }, ldflags: [] },
  kwok: { version: "0.8.0", minutes: 3, builds: { kwok: "sigs.k8s.io/kwok/cmd/kwok" }, ldflags: [] },
  judges: {
    version: "1.20.0",
    minutes: 1,
    builds: { "kube-score": "github.com/zegl/kube-score/cmd/kube-score" },
    ldflags: stamp({ "main.version": "1.20.0" }),
  },
};

/** Outside the checkout: a fresh clone finds what an older one built. */
export const CACHE =
  process.env.ROADSTEAD_TOOLS_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "roadstead");

export const sourceFolder = (module) => join(here, module);

/** `<cache>/<module>-<hash>`: other sources or another stamp are another folder, so a found program is never a stale one. */
export function builtFolder(module, cache = CACHE) {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(here, module, file)));
  hash.update(JSON.stringify(MODULES[module].ldflags));
  return join(cache, `${module}-${hash.digest("hex").slice(0, 16)}`);
}

/** The path of a program, or an error that says how to get it. */
export function program(name, cache = CACHE) {
  const module = Object.keys(MODULES).find((m) => name in MODULES[m].builds);
  if (module === undefined) throw new Error(`no program ${name} in tools/`);
  const file = join(builtFolder(module, cache), name);
  if (existsSync(file)) return file;
  throw new Error(
    `${name} ${MODULES[module].version} is not built (looked for ${file}). Run: npm run tools -- ${module}`,
  );
}

// `npm run test:cluster`: what a killed run left behind is ended, then the suites run one by one, each on a control plane of
// its own. The last line is `N passed, N failed`.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { program } from "../../tools/programs.mjs";
import { allOf, runSuites } from "../suite/run.mjs";
import runs from "./control-plane/runs.cjs";

const NEEDED = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kubectl"];

allOf(NEEDED.map((name) => () => program(name)));
for (const line of runs.clearStaleRuns()) console.error(line);
await runSuites({ folder: dirname(fileURLToPath(import.meta.url)), limitMinutes: 25 });

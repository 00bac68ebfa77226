// `npm run test:judges`: what Roadstead renders, judged by programs others wrote. The last line is `N passed, N failed`.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { allOf, runSuites } from "../suite/run.mjs";
import { fromPyPI, kubeScore } from "./install.mjs";

const [score, checkov, analyzer] = allOf([
  kubeScore,
  () => fromPyPI("checkov"),
  () => fromPyPI("network-config-analyzer"),
]);
await runSuites({
  folder: dirname(fileURLToPath(import.meta.url)),
  limitMinutes: 20,
  env: { ROADSTEAD_KUBE_SCORE: score, ROADSTEAD_CHECKOV: checkov, ROADSTEAD_NETWORK_CONFIG_ANALYZER: analyzer },
});

// `npm run test:host`: builds the root of a Debian 12 once, then runs the suites on machines made from it.
// The last line is `N passed, N failed`.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, findPrograms, hostRoot, runSuites } from "./suite.mjs";

if (process.platform !== "linux" || process.getuid() !== 0)
  fail("test:host needs Linux and root: it makes namespaces and mounts of its own");
findPrograms({
  debootstrap: "debootstrap",
  unshare: "util-linux",
  setpriv: "util-linux",
  nsenter: "util-linux",
  findmnt: "util-linux",
  tar: "tar",
});
runSuites({
  folder: dirname(fileURLToPath(import.meta.url)),
  // The suites take less than ten minutes.
  limitMinutes: 40,
  env: { ROADSTEAD_HOST_ROOT: hostRoot() },
});

// `npm run test:vm`: whole hosts with a kernel of their own. Makes the disk of a Debian 12 with its cloud kernel once, then
// boots it under qemu. The last line is `N passed, N failed`.
import { spawn, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cached, fail, findPrograms, hostRoot, ROOT_SCRIPT, runSuites } from "../host/suite.mjs";

/** Emulated, on an idle machine with two cores, the suites take under fifteen minutes. */
const LIMIT_MINUTES = 60;
/** Where hardware virtualisation works, the kernel is up in two seconds; where it is offered and does not, it never is. */
const PROBE_MS = 15_000;

const here = dirname(fileURLToPath(import.meta.url));

if (process.platform !== "linux" || process.getuid() !== 0)
  fail("test:vm needs Linux and root: it makes namespaces, mounts and a network of its own");
findPrograms({
  debootstrap: "debootstrap",
  unshare: "util-linux",
  setpriv: "util-linux",
  findmnt: "util-linux",
  tar: "tar",
  ip: "iproute2",
  mke2fs: "e2fsprogs",
  "qemu-system-x86_64": "qemu-system-x86",
  genisoimage: "genisoimage",
  ssh: "openssh-client",
});

const root = hostRoot();
const image = cached({
  name: "vm-image",
  script: join(here, "machine/build-image.sh"),
  sources: [ROOT_SCRIPT],
  args: [root],
  proof: "disk.img",
  saying: "making a disk with Debian's cloud kernel, once, about a minute",
});

async function accelerator() {
  const chosen = process.env.ROADSTEAD_VM_ACCEL;
  if (chosen) return chosen;
  if (process.arch !== "x64" || spawnSync("test", ["-w", "/dev/kvm"]).status !== 0) return "tcg";
  const kernel = ["-kernel", join(image, "vmlinuz"), "-initrd", join(image, "initrd"), "-append", "console=ttyS0"];
  const machine = ["-accel", "kvm", "-cpu", "host", "-m", "512", "-nographic", "-no-reboot", "-nic", "none"];
  const probe = spawn("qemu-system-x86_64", [...machine, ...kernel], { stdio: ["ignore", "pipe", "ignore"] });
  let seen = "";
  probe.stdout.on("data", (data) => (seen += data));
  const deadline = Date.now() + PROBE_MS;
  while (Date.now() < deadline && probe.exitCode === null && !seen.includes("Run /init")) await sleep(100);
  probe.kill("SIGKILL");
  return seen.includes("Run /init") ? "kvm" : "tcg";
}

const accel = await accelerator();
console.error(accel === "kvm" ? "with hardware virtualisation" : "emulated: a boot takes minutes");
runSuites({
  folder: here,
  limitMinutes: LIMIT_MINUTES,
  // The tests are the world outside: a network of their own with nothing but the machine in it.
  within: ["unshare", "--net", "--mount", "--propagation", "private"],
  env: { ROADSTEAD_HOST_ROOT: root, ROADSTEAD_VM_IMAGE: image, ROADSTEAD_VM_ACCEL: accel },
});

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { roadstead, workspace } from "./fake-io";

const SUM = "a".repeat(64);
const HOME = `ships: [~sampel-palnet]
environment: prod
platform: bare-metal
existing: { hosts: [{ name: attic, memoryGiB: 16, diskGiB: 500, arch: x86_64, monthly: 12 }] }
`;
const SETTLED = `${HOME}access: { sshPublicKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} me"], adminCidrs: [192.168.1.0/24] }
versions: { vere: { version: "4.6", sha256: { x86_64: ${SUM} } } }
`;

test("host render prints the script of an own host, with what the file gives", async () => {
  const done = await roadstead(workspace({ "r.yaml": SETTLED }), ["host", "render", "./r.yaml", "--script"]);
  expect(done).toMatchObject({ code: 0, stderr: "" });
  expect(done.stdout).toMatch(/^#!\/bin\/sh\n# Sets up attic\./);
  expect(done.stdout).toContain(SUM);
  expect(done.stdout).not.toContain("MISSING");
});

test("host render writes every host below --out, and names a device for the piers", async () => {
  const dir = workspace({ "r.yaml": SETTLED });
  const args = ["host", "render", "./r.yaml", "--out", "out", "--data-device", "/dev/disk/by-id/usb-x"];
  expect(await roadstead(dir, args)).toMatchObject({ code: 0, stdout: "", stderr: "1 files in out\n" });
  expect(readFileSync(join(dir, "out/hosts/attic/script.sh"), "utf8")).toContain("DEVICE=/dev/disk/by-id/usb-x\n");
});

test("host render takes the disk that the file gives, and no other", async () => {
  const disk = "/dev/disk/by-id/nvme-eui.01";
  const wish = SETTLED.replace("monthly: 12", `monthly: 12, dataDevice: ${disk}`) + "hosts: { volumeKey: operator }\n";
  const dir = workspace({ "r.yaml": wish });
  const done = await roadstead(dir, ["host", "render", "./r.yaml"]);
  expect(done).toMatchObject({ code: 0, stderr: "" });
  expect(done.stdout).toContain(`DEVICE=${disk}\n`);
  expect(done.stdout).toContain("KEY=operator\n");
  const other = await roadstead(dir, ["host", "render", "./r.yaml", "--data-device", "/dev/disk/by-id/usb-x"]);
  expect(other).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(`recorded with ${disk}`) });
});

test("host render of a recorded stack takes the disk from the lock, and by no option", async () => {
  const dir = workspace({ "r.yaml": SETTLED });
  const recorded = await roadstead(dir, ["plan", "r.yaml", "--stack", "prod", "--write"]);
  expect(recorded.code).toBe(0);
  const done = await roadstead(dir, ["host", "render", "prod", "--data-device", "/dev/disk/by-id/usb-x"]);
  expect(done).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("existing.hosts[].dataDevice") });
  expect(await roadstead(dir, ["host", "render", "prod"])).toMatchObject({ code: 0, stderr: "" });
});

test("host render renders nothing that would lock its administrator out or fetch what nobody checked", async () => {
  const dir = workspace({ "r.yaml": HOME });
  const done = await roadstead(dir, ["host", "render", "./r.yaml", "--out", "out"]);
  expect(done).toMatchObject({ code: 2, stdout: "" });
  for (const path of ["access.sshPublicKeys", "access.adminCidrs", "versions.vere.sha256.x86_64"])
    expect(done.stderr).toContain(path);
  expect(existsSync(join(dir, "out"))).toBe(false);
});

test.each([
  [["--host", "cellar"], "accepted: attic"],
  [["--data-device", "/dev/sda"], "a stable path such as /dev/disk/by-id/"],
])("host render %s is refused", async (more, reason) => {
  const done = await roadstead(workspace({ "r.yaml": SETTLED }), ["host", "render", "./r.yaml", ...more]);
  expect(done).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(reason) });
});

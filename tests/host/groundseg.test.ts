// A GroundSeg host from nothing, its volume and its Docker real, GroundSeg itself a stub that only notes how it was called.
import { hostSettings, renderSettings } from "../../components/host/render";
import { DEVICE, disk } from "./disk";
import { internet, seed } from "./downloads";
import { harbour } from "./hosts";
import { Machine, stopAll } from "./machine/machine";

// As on AWS, where the provider encrypts: LUKS needs a kernel of its own.
const { host, lock } = harbour();
const { userData, script } = renderSettings({ ...hostSettings(host, lock), provider: "aws", dataDevice: DEVICE });
let machine: Machine;

beforeAll(async () => {
  machine = await Machine.start({ files: [...internet, ...disk, ...seed(userData)] });
  await machine.until("the bootstrap", "[ -e /var/lib/roadstead/bootstrap.done ]", 300);
}, 450_000);
afterAll(stopAll);

const active = (unit: string): string => machine.sh(`systemctl is-active ${unit}`).out.trim();
const calls = (): string[] => machine.get("cat /opt/nativeplanet/calls").split("\n");

async function everythingRuns(): Promise<void> {
  await machine.until("GroundSeg", "systemctl is-active -q groundseg");
  for (const unit of [
    "roadstead-volume",
    "roadstead-firewall",
    "docker",
    "roadstead-docker-user",
    "groundseg",
    "caddy",
  ])
    expect({ unit, state: active(unit) }).toEqual({ unit, state: "active" });
  expect(machine.get("findmnt -no SOURCE /opt/nativeplanet")).toMatch(/^\/dev\/loop/);
  expect(machine.get("docker info --format '{{.DockerRootDir}}'")).toBe("/opt/nativeplanet/docker");
  expect(machine.get("iptables -S DOCKER-USER")).toMatch(
    /ctorigdstport 34344 -j RETURN[^]*ctorigdstport 34345 -j RETURN[^]*-j DROP/,
  );
}

it("comes up with volume, firewall, Docker and GroundSeg, in that order", async () => {
  await everythingRuns();
  expect(calls()).toEqual(["groundseg --http-port=8000"]);
  const since = (unit: string) =>
    Number(machine.get(`systemctl show -p ActiveEnterTimestampMonotonic --value ${unit}`));
  expect(since("roadstead-firewall")).toBeLessThan(since("docker"));
  expect(since("roadstead-volume")).toBeLessThan(since("docker"));
  expect(since("roadstead-docker-user")).toBeLessThanOrEqual(since("groundseg"));
});

it("run again by the script: nothing is formatted, fetched or started anew", () => {
  const started = machine.get(
    "systemctl show -p ActiveEnterTimestampMonotonic --value docker groundseg roadstead-volume",
  );
  const uuid = machine.get(`blkid -p -s UUID -o value ${DEVICE}`);
  expect(machine.run(["sh", "-s"], { input: script, limit: 120_000 })).toMatchObject({ code: 0 });
  expect(machine.get(`blkid -p -s UUID -o value ${DEVICE}`)).toBe(uuid);
  expect(machine.get("systemctl show -p ActiveEnterTimestampMonotonic --value docker groundseg roadstead-volume")).toBe(
    started,
  );
});

it("comes up again after a reboot, with the same volume", async () => {
  await machine.reboot();
  await everythingRuns();
  expect(calls()).toHaveLength(2);
}, 300_000);

it("without its volume Docker and GroundSeg stay down, rather than make new piers on the root disk", () => {
  machine.get("systemctl stop groundseg docker docker.socket roadstead-volume", { limit: 120_000 });
  machine.get("mv /etc/roadstead/volume.env /etc/roadstead/volume.aside");
  expect(machine.sh("systemctl start groundseg", { limit: 120_000 }).code).not.toBe(0);
  expect(active("docker")).not.toBe("active");
  expect(machine.get("ls -A /opt/nativeplanet")).toBe("");
  machine.get("mv /etc/roadstead/volume.aside /etc/roadstead/volume.env");
});

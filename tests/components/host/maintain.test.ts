// Maintenance, run by sh against a stub of vere: one ship at a time, only between a clean stop and a start.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { backupFiles } from "../../../components/host/render/backup";
import { maintenance } from "../../../components/host/render/ship-units";
import { hostSettings, renderHost, type HostBackup } from "../../../components/host/render";
import { bareMetal, groundseg, planet } from "./sample";
import { booted, ID, PLANET, STUB, type Sandbox } from "./ship-sandbox";

const BACKUP: HostBackup = {
  bucket: "piers",
  endpoint: "https://nyc3.digitaloceanspaces.com",
  recipients: ["age1vz9acwqs7zvnkfd5jg9ycd0500qnz8w4wse7jk2fhlsrdm95cfeqh3rxzx"],
  credentials: { secret: "bucketKey" },
};
const unit = (id = ID) => `roadstead-ship@${id}.service`;

function running(): Sandbox {
  const s = booted();
  s.write("stubs/du", "#!/bin/sh\nprintf '1000\\tx\\n'\n", "0755");
  s.script("ship", ["start", ID]);
  s.calls();
  return s;
}

it.each([
  ["prep", ["prep"]],
  ["pack", ["pack"]],
  ["roll-chop", ["roll", "chop"]],
])("%s works only between a clean stop and a start, and waits until the ship answers", (task, work) => {
  const s = running();
  expect(s.script("maintain", [task])).toMatchObject({ code: 0 });
  expect(s.calls().filter((l) => !l.startsWith("urbit info"))).toEqual([
    `systemctl stop ${unit()}`,
    ...work.map((w) => `urbit ${w} --loom 31 /srv/ships/${ID}`),
    `systemctl start ${unit()}`,
    `urbit -t --loom 31 -p 34543 --http-port 8081 -b 127.0.0.1 /srv/ships/${ID}`,
  ]);
  expect(s.has(`run/roadstead/stopped/${ID}`)).toBe(false);
});

it("has a timer for each task, and each starts what a run that was killed had stopped", () => {
  const files = maintenance();
  for (const task of ["pack", "roll-chop", "prep"]) {
    const text = (name: string) => files.find((f) => f.path.endsWith(`/${name}`))!.content;
    expect(text(`roadstead-${task}.timer`)).toMatch(/^OnCalendar=/m);
    expect(text(`roadstead-${task}.service`)).toContain("ExecStopPost=/usr/local/lib/roadstead/maintain resume\n");
  }
});

it("is held up by root alone: nobody else can open its lock or put one in its place", () => {
  const s = running();
  expect(s.script("maintain", ["resume"]).code).toBe(0);
  const lock = join(s.root, "var/lib/roadstead/maintain.lock");
  expect(statSync(lock).mode & 0o777).toBe(0o600);
  for (const planned of [planet(), groundseg(), bareMetal()])
    for (const file of renderHost(planned.host, planned.lock, {}).files)
      expect([file.path, file.content]).toEqual([file.path, expect.not.stringContaining("/run/lock")]);
});

it("is what the unit of a reboot ends with when there is none", () => {
  const unitOf = ({ host, lock }: ReturnType<typeof planet>) =>
    renderHost(host, lock, {}).files.find((f) => f.path.endsWith("/roadstead-reboot.service"))!.content;
  expect(unitOf(bareMetal())).toContain("success ] || exec /usr/local/lib/roadstead/maintain resume'\n");
  expect(unitOf(groundseg())).not.toContain("ExecStopPost");
});

describe("a reboot", () => {
  const zod = { ...PLANET, id: "zod", name: "~zod", fake: true, amesPort: 34544, httpPort: 8082 };
  const { host, lock } = bareMetal();
  const files = [
    ...renderHost(host, lock, {}).files.filter((f) => f.path.endsWith("/roadstead/reboot")),
    ...backupFiles({ ...hostSettings(host, lock), backup: BACKUP }),
  ];
  /** Two ships that run on a host which is to be rebooted; `stopping` is what happens while the second one stops. */
  const two = (stopping = ":") => {
    const s = running();
    s.add(zod);
    expect(s.firstBoot("zod")).toBe(0);
    s.script("ship", ["start", "zod"]);
    for (const file of files) s.write(file.path.slice(1), file.content, file.mode);
    s.write("run/reboot-required", "");
    s.write("stubs/rest", s.read("stubs/systemctl"), "0755");
    s.write(
      "stubs/systemctl",
      `#!/bin/sh
case $* in
list-units*)
  [ ! -e "$ROADSTEAD_ROOT/mute" ] || exit 1
  cd "$ROADSTEAD_ROOT/active" && for id in *; do echo "roadstead-ship@$id.service loaded active running Ship"; done
  [ ! -e "$ROADSTEAD_ROOT/boots" ] || echo "roadstead-first-boot@nec.service loaded activating start First boot" ;;
"stop roadstead-ship@zod.service") (${stopping}) 8>&- 9>&-; exec sh "$ROADSTEAD_ROOT/stubs/rest" "$@" ;;
*) exec sh "$ROADSTEAD_ROOT/stubs/rest" "$@" ;;
esac
`,
      "0755",
    );
    s.write("stubs/sleep", "#!/bin/sh\nexit 0\n", "0755");
    s.calls();
    return s;
  };
  const calls = (s: Sandbox) => s.calls().filter((l) => l.startsWith("systemctl"));
  const stops = [`systemctl stop ${unit()}`, `systemctl stop ${unit("zod")}`];

  it("comes after a clean stop of every ship, and who tries to start one of them meanwhile does not get through", () => {
    const s = two(
      `sh "$ROADSTEAD_ROOT/usr/local/lib/roadstead/backup" resume; sh "$ROADSTEAD_ROOT/stubs/rest" start ${unit()} 2>"$ROADSTEAD_ROOT/said"`,
    );
    s.script("reboot", []);
    expect(calls(s)).toEqual([stops[0], `systemctl start ${unit()}`, stops[1], "systemctl reboot"]);
    expect(s.read("said")).toContain("its pier is being worked on");
    expect([s.has(`active/${ID}`), s.has("active/zod")]).toEqual([false, false]);
    // There was none after all.
    expect(s.script("maintain", ["resume"]).code).toBe(0);
    expect([s.has(`active/${ID}`), s.has("active/zod")]).toEqual([true, true]);
  });

  it("is put off by a first boot, also by one that begins while ships stop", () => {
    const before = two();
    before.write("boots", "");
    expect(before.script("reboot", [])).toMatchObject({ code: 0, err: expect.stringContaining("reboot put off") });
    expect(calls(before)).toEqual([]);
    const s = two(': >"$ROADSTEAD_ROOT/boots"');
    expect(s.script("reboot", [])).toMatchObject({ code: 1, err: expect.stringContaining("a first boot is running") });
    expect(calls(s)).toEqual(stops);
  });

  it("is none while nobody knows what runs, or after a stop that was not clean", () => {
    for (const file of ["mute", "unclean"]) {
      const s = two();
      s.write(file, "");
      expect(s.script("reboot", []).code).not.toBe(0);
      expect(calls(s)).not.toContain("systemctl reboot");
    }
  });
});

it("leaves a ship running when the disk has no room for the work, and fails", () => {
  const s = running();
  const done = s.script("maintain", ["pack"], { FREE: "1000" });
  expect(done).toMatchObject({
    code: 1,
    err: expect.stringContaining("pack needs 1049576 KiB free and there are 1000"),
  });
  expect(s.calls()).toEqual([]);
});

it.each(["du", "df"])("leaves a ship running, and fails, when %s tells nothing", (tool) => {
  for (const body of ["exit 1", "exit 0", "echo x\\necho - - - -; exit 0"]) {
    const s = running();
    s.write(`stubs/${tool}`, `#!/bin/sh\n${body}\n`, "0755");
    expect(s.script("maintain", ["pack"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("could not be told: left running"),
    });
    expect(s.calls()).toEqual([]);
  }
});

it("leaves the pier alone after a stop that was not clean, by systemd's word or by the ship's own record, and starts the ship", () => {
  for (const file of ["result", "unclean"]) {
    const s = running();
    s.write(file, "timeout\n");
    expect(s.script("maintain", ["pack"]).code).toBe(1);
    const calls = s.calls().join("\n");
    expect(calls).not.toContain("urbit pack");
    expect(calls).toContain(`systemctl start ${unit()}`);
  }
});

it("starts a ship as it is when the work on it fails", () => {
  const s = running();
  s.write("fails", "roll");
  expect(s.script("maintain", ["roll-chop"])).toMatchObject({ code: 1, err: expect.stringContaining("roll failed") });
  const calls = s.calls();
  expect(calls.join()).not.toContain("urbit chop");
  expect(calls).toContain(`systemctl start ${unit()}`);
  expect(s.has(`active/${ID}`)).toBe(true);
});

it("does not touch a ship that is not running, and starts none", () => {
  const s = running();
  s.script("ship", ["stop", ID]);
  s.calls();
  expect(s.script("maintain", ["pack"]).code).toBe(0);
  expect(s.calls()).toEqual([]);
});

it("takes one ship after the other, and none after one that does not come up again", () => {
  const s = running();
  const zod = { ...PLANET, id: "zod", name: "~zod", fake: true, amesPort: 34544, httpPort: 8082 };
  s.add(zod);
  expect(s.firstBoot("zod")).toBe(0);
  s.script("ship", ["start", "zod"]);
  s.calls();
  expect(s.script("maintain", ["pack"]).code).toBe(0);
  const order = s.calls().filter((l) => /systemctl (stop|start)/.test(l));
  expect(order).toEqual(
    ["stop", "start"]
      .flatMap((w) => [`systemctl ${w} ${unit()}`])
      .concat(["stop", "start"].map((w) => `systemctl ${w} ${unit("zod")}`)),
  );
  s.write("broken-bin", "");
  expect(s.script("maintain", ["pack"])).toMatchObject({
    code: 1,
    err: expect.stringContaining("the other ships are left as they are"),
  });
  expect(s.calls().filter((l) => /systemctl stop/.test(l))).toEqual([`systemctl stop ${unit()}`]);
  expect(s.has("active/zod")).toBe(true);
});

it("keeps everybody else from starting the ship while its pier is worked on", () => {
  const s = running();
  // In the middle of pack somebody starts the unit, as the set-up does when it is run again.
  const inTheMiddle = `case $1 in pack) systemctl start roadstead-ship@${ID}.service 2>"$ROADSTEAD_ROOT/said" ;; esac\n`;
  s.write("usr/local/bin/urbit", STUB.replace("case $1 in\ninfo)", `${inTheMiddle}case $1 in\ninfo)`), "0755");
  expect(s.script("maintain", ["pack"]).code).toBe(0);
  expect(s.read("said")).toContain("its pier is being worked on");
  expect(s.calls().filter((l) => l.startsWith("urbit -t"))).toHaveLength(1);
});

it("that was killed is made good by the next run, and by the unit's end", async () => {
  const s = running();
  s.write(
    "usr/local/bin/urbit",
    STUB.replace("pack | roll", "pack) sleep 0.4; kill -9 $PPID; sleep 0.4 ;;\nroll"),
    "0755",
  );
  const child = spawn("sh", [join(s.root, "usr/local/lib/roadstead/maintain"), "pack"], { env: s.env });
  await new Promise((resolve) => child.once("close", resolve));
  expect(s.has(`active/${ID}`)).toBe(false);
  expect(existsSync(join(s.root, `run/roadstead/stopped/${ID}`))).toBe(true);
  expect(s.script("maintain", ["resume"]).code).toBe(0);
  expect(s.has(`active/${ID}`)).toBe(true);
  expect(s.has(`run/roadstead/stopped/${ID}`)).toBe(false);
});

it("that was killed long ago starts no ship that somebody has started and stopped since", () => {
  const s = running();
  s.script("ship", ["stop", ID]);
  s.write(`run/roadstead/stopped/${ID}`, "");
  spawnSync("sh", ["-c", `systemctl start ${unit()} && systemctl stop ${unit()}`], { env: s.env });
  expect(s.script("maintain", ["resume"]).code).toBe(0);
  expect(s.has(`active/${ID}`)).toBe(false);
});

it("refuses a task it does not know, and stops nothing", () => {
  const s = running();
  expect(s.script("maintain", ["meld"]).code).toBe(64);
  expect(s.calls()).toEqual([]);
});

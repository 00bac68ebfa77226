// The alarm of the disks, run by sh against a disk that says how full it is.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderHost } from "../../../components/host/render";
import { planet } from "./sample";
import { temporary } from "./temporary";

const root = temporary("roadstead-disk-");
const { host, lock } = planet();
const script = renderHost(host, lock).files.find((f) => f.path.endsWith("/roadstead/disk"))!.content;
mkdirSync(join(root, "bin"));
mkdirSync(join(root, "run"));
mkdirSync(join(root, "etc/roadstead"), { recursive: true });
const program = (path: string, body: string) =>
  writeFileSync(join(root, path), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
program("bin/hostname", "echo home");
program("etc/roadstead/alarm", `echo "$1" >>${root}/told`);
const notice = join(root, "run/motd.d/50-roadstead-disk");

function look(piers: number, inodes = 1, first = ":") {
  program(
    "bin/df",
    `${first}
p=1; [ "$2" = / ] || { p=${piers}; [ "$1" = -P ] || p=${inodes}; }
echo header; echo "/dev/x 1 1 1 $p% $2"`,
  );
  const done = spawnSync("sh", ["-c", script], {
    encoding: "utf8",
    env: { PATH: `${join(root, "bin")}:${process.env.PATH}`, ROADSTEAD_ROOT: root },
  });
  const told = existsSync(join(root, "told")) ? readFileSync(join(root, "told"), "utf8").trimEnd().split("\n") : [];
  return { ...done, told, notice: existsSync(notice) ? readFileSync(notice, "utf8") : "" };
}

it("is quiet while there is room, and says once what is to be done when there is little", () => {
  expect(look(79)).toMatchObject({ status: 0, stderr: "", told: [], notice: "" });

  const soon = look(80);
  expect(soon.status).toBe(1);
  expect(soon.notice).toContain("/srv/ships is 80 % full: grow it (volumeGiB)");
  expect(soon.told).toEqual([
    "home: /srv/ships is 80 % full: grow it (volumeGiB), or run roadstead-pack and roadstead-roll-chop.",
  ]);

  expect(look(85)).toMatchObject({ status: 1, told: { length: 1 } });
  const now = look(92);
  expect(now.told).toHaveLength(2);
  expect(now.told[1]).toContain("92 % full: make room now");

  expect(look(10)).toMatchObject({ status: 0, notice: "", told: { length: 3, 2: "home: disks have room again" } });
});

it("counts a disk without inodes as full", () => {
  expect(look(10, 95).notice).toContain("95 % full: make room now");
});

describe("what cannot be measured", () => {
  it.each([
    ["fails", "exit 1"],
    ["fails after it spoke", 'echo header; echo "/dev/x 1 1 1 10% $2"; exit 1'],
    ["says nothing of use", 'echo header; echo "/dev/x - - - - $2"; exit'],
  ])("is an alarm of its own, and never room again, when df %s", (_, body) => {
    look(10);
    const full = look(95);
    const unknown = look(0, 0, `case $* in "-P /srv/ships") ${body} ;; esac`);
    expect(unknown.status).toBe(1);
    expect(unknown.notice).toBe("roadstead: /srv/ships: its space cannot be measured. \n");
    expect(unknown.told.slice(full.told.length)).toEqual(["home: /srv/ships: its space cannot be measured."]);
  });

  it("hides nothing of what can be", () => {
    const done = look(95, 0, 'case $* in "-Pi /srv/ships") exit 1 ;; esac');
    expect(done.notice).toContain("/srv/ships: its inodes cannot be measured. /srv/ships is 95 % full");
  });

  it("is not the share of inodes where they are made as they are needed", () => {
    expect(look(10, 0, 'case $1 in -Pi) echo header; echo "/dev/x 0 0 0 - $2"; exit ;; esac')).toMatchObject({
      status: 0,
      notice: "",
    });
  });
});

it("tells again what whoever is to be told did not take, until it is told once", () => {
  look(10);
  const before = look(10).told.length;
  program("etc/roadstead/alarm", `echo "$1" >>${root}/told; [ -e ${root}/takes ]`);
  expect(look(95).told.length).toBe(before + 1);
  expect(look(95).told.length).toBe(before + 2);
  writeFileSync(join(root, "takes"), "");
  expect(look(95).told.length).toBe(before + 3);
  expect(look(95).told.length).toBe(before + 3);
});

it("fails all the same when whoever is to be told cannot be", () => {
  look(10);
  program("etc/roadstead/alarm", "exit 1");
  const done = look(95);
  expect(done.status).toBe(1);
  expect(done.stderr).toContain("nobody was told");
});

// The script run twice by sh, in a directory that stands for the host, with stubs for what changes a real one.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { bootstrapFile } from "../../../components/host/render/bootstrap";
import { renderHost, renderSettings, hostSettings, type HostSettings } from "../../../components/host/render";
import { bareMetal, planet } from "./sample";
import { temporary } from "./temporary";

/** Programs that only note that they were called. */
const NOTED = [
  "systemctl",
  "apt-get",
  "visudo",
  "sshd",
  "sysctl",
  "augenrules",
  "nft",
  "chown",
  "caddy",
  "mkswap",
  "tar",
  "resize2fs",
];

const STUBS: Record<string, string> = {
  id: 'case "$*" in -u) echo 0 ;; *) [ -e "$R/user-$2" ] ;; esac',
  useradd: 'for a; do last=$a; done; touch "$R/user-$last"; mkdir -p "$R/home/$last"; note useradd "$@"',
  getent: 'echo "$2:x:1000:1000::$R/home/$2:/bin/bash"',
  "dpkg-query": "echo 'install ok installed'",
  install:
    'note install "$@"; case $1 in -d) shift; for a; do case $a in /*) mkdir -p "$a" ;; esac; done ;; *) for a; do last=$a; done; mkdir -p "$(dirname "$last")"; touch "$last"; chmod 755 "$last" ;; esac',
  fallocate: 'touch "$3"; note fallocate "$@"',
  swapon:
    'case "$*" in --show*) cat "$R/swapon" 2>/dev/null || true ;; *) echo "$1" >>"$R/swapon"; note swapon "$@" ;; esac',
  curl: 'while [ "$1" != -o ]; do shift; done; echo x >"$2"; note curl',
  sha256sum: 'case "$*" in *-c*) cat >/dev/null ;; *) exec /usr/bin/sha256sum "$@" ;; esac',
  mktemp: 'exec /usr/bin/mktemp "$@"',
  mountpoint: '[ -e "$R/is-mounted" ]',
  mount: 'touch "$R/is-mounted"; note mount "$@"',
  sleep: "exit 0",
  "ssh-keygen": '[ ! -e "$R/no-ssh-key" ]',
  // A disk beside the root disk; what it holds is a file of the test's.
  findmnt: "echo /dev/sda1",
  xargs: "printf 'sda1\\n└─sda\\n'",
  lsblk: 'case "$*" in *NAME,TYPE*) cat "$R/disks" ;; esac',
  blkid:
    'case "$*" in *LABEL*) [ -e "$R/fs-label" ] && cat "$R/fs-label" ;; *mapper*) [ -s "$R/fs-label" ] || exit 2 ;; *) [ -s "$R/disk" ] || exit 2 ;; esac',
  head: 'case "$*" in "-c 1048576 /dev/"*) cat "$R/raw" 2>/dev/null || true ;; *) exec /usr/bin/head "$@" ;; esac',
  wipefs: 'case "$*" in *mapper*) ;; *) cat "$R/disk" 2>/dev/null || true ;; esac',
  cryptsetup: `case "$*" in
isLuks*mapper*) false ;;
isLuks*) grep -q luks "$R/disk" 2>/dev/null ;;
luksDump*) echo "Label:	$(cat "$R/luks-label")" ;;
luksUUID*) cat "$R/luks-uuid" ;;
*--test-passphrase*) grep -q "$(cat "$R/right-key")" "$4" ;;
*) note cryptsetup "$@"; case $* in luksFormat*) echo luks >"$R/disk"; echo roadstead >"$R/luks-label"; echo "$8" >"$R/luks-uuid" ;; esac ;;
esac`,
  "mkfs.ext4": 'note mkfs.ext4 "$@"; echo roadstead >"$R/fs-label"; [ -s "$R/disk" ] || echo ext4 >"$R/disk"',
};

class Machine {
  readonly root = temporary("roadstead-twice-");
  constructor() {
    const bin = join(this.root, "bin");
    mkdirSync(bin);
    const write = (name: string, body: string) => {
      const prelude = `#!/bin/sh\nR='${this.root}'\nnote() { echo "$*" >>"$R/calls"; }\n`;
      writeFileSync(join(bin, name), `${prelude}${body}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    for (const name of NOTED) write(name, `note ${name} "$@"`);
    for (const [name, body] of Object.entries(STUBS)) write(name, body);
    for (const dir of ["etc", "usr/local/bin", "srv"]) mkdirSync(join(this.root, dir), { recursive: true });
    writeFileSync(join(this.root, "etc/fstab"), "");
    writeFileSync(join(this.root, "etc/os-release"), "ID=debian\n");
  }
  /** The text with every path of the host moved under the root, and the stubs first in PATH. */
  moved(text: string): string {
    return text
      .replaceAll(/(?<![\w.$}/-])\/(etc|var|srv|run|opt|usr\/local|swapfile)\b/g, `${this.root}/$1`)
      .replaceAll(/^PATH=.*$/gm, `PATH=${this.root}/bin:$PATH`);
  }
  sh(text: string, input = "") {
    const path = join(this.root, "script.sh");
    writeFileSync(path, text);
    return spawnSync("sh", [path], {
      input,
      encoding: "utf8",
      env: { PATH: `${this.root}/bin:${process.env.PATH}`, ROADSTEAD_ROOT: this.root },
    });
  }
  calls = (): string[] => {
    const path = join(this.root, "calls");
    const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
    writeFileSync(path, "");
    return lines.filter(Boolean);
  };
  tree(): Record<string, string> {
    const out: Record<string, string> = {};
    const walk = (dir: string): void => {
      for (const entry of readdirSync(dir, { withFileTypes: true })) {
        const path = join(dir, entry.name);
        if (entry.isDirectory()) walk(path);
        else if (!["calls", "script.sh"].includes(entry.name))
          out[relative(this.root, path)] =
            `${statSync(path).mtimeMs} ${statSync(path).mode} ${readFileSync(path, "utf8")}`;
      }
    };
    walk(this.root);
    return out;
  }
}

describe("the script run twice", () => {
  it("changes nothing the second time", () => {
    const sample = bareMetal();
    const { script } = renderHost(sample.host, sample.lock);
    const machine = new Machine();
    const text = machine.moved(script);

    const first = machine.sh(text);
    expect(first.stderr).toBe("");
    expect(first.status).toBe(0);
    const before = machine.tree();
    expect(Object.keys(before)).toEqual(
      expect.arrayContaining(["var/lib/roadstead/bootstrap.done", "etc/roadstead/firewall.nft"]),
    );
    const changing = /restart|reload |useradd|curl|fallocate|mkswap|sysctl|augenrules|^install|apt-get/;
    expect(machine.calls().filter((c) => changing.test(c)).length).toBeGreaterThan(5);

    const second = machine.sh(text);
    expect(second.status).toBe(0);
    expect(machine.tree()).toEqual(before);
    expect(machine.calls().filter((c) => changing.test(c))).toEqual([]);
  });

  it("gives nothing to a host where a ship still is that its plan has no more, and goes on once it was ended", () => {
    const sample = bareMetal();
    const machine = new Machine();
    const script = (ids: string[]) => {
      const settings = hostSettings(sample.host, sample.lock);
      const ships = settings.ships.filter((s) => ids.includes(s.id));
      return machine.moved(renderSettings({ ...settings, ships }).script);
    };
    const all = sample.lock.ships.map((s) => s.id);
    const [gone, ...left] = all;
    expect(left.length).toBeGreaterThan(0);
    expect(machine.sh(script(all)).status).toBe(0);
    const before = machine.tree();
    const refused = machine.sh(script(left));
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`${gone} is set up on this host, and its plan has it here no more`);
    expect(machine.tree()).toEqual(before);
    rmSync(join(machine.root, `etc/roadstead/ships/${gone}.env`));
    expect(machine.sh(script(left))).toMatchObject({ status: 0 });
  });

  it("leaves a host as it was reached while nobody's key could be used to log in", () => {
    const sample = bareMetal();
    const machine = new Machine();
    writeFileSync(join(machine.root, "no-ssh-key"), "");
    const done = machine.sh(machine.moved(renderHost(sample.host, sample.lock).script));
    expect(done.status).toBe(1);
    expect(done.stderr).toContain("is an SSH key: nobody could log in");
    expect(machine.calls().filter((c) => /^sshd|reload|nft/.test(c) && !/daemon-reload/.test(c))).toEqual([]);
  });

  it.each([
    ["is encrypted anew at every boot", "", ["/dev/mapper/roadstead-swap none swap nofail 0 0"]],
    ["that was made in the clear before stays in use", "/swapfile.roadstead none swap sw 0 0\n", []],
  ])("swap beside an encrypted volume %s", (_, fstab, added) => {
    const { host, lock } = planet();
    const settings = hostSettings(host, lock);
    const kernel = /^# kernel: .*?(?=^# firewall: )/ms.exec(bootstrapFile(settings).content)![0];
    const machine = new Machine();
    machine.sh("");
    writeFileSync(join(machine.root, "etc/fstab"), machine.moved(fstab));
    const run = () => machine.sh(machine.moved(`set -eu\nPATH=x\nchanged() { false; }\n${kernel}`));
    expect(run()).toMatchObject({ status: 0, stderr: "" });
    expect(run()).toMatchObject({ status: 0, stderr: "" });
    const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
    const after = read(join(machine.root, "etc/fstab")).replaceAll(`${machine.root}/`, "/");
    expect(after).toBe(fstab + added.map((line) => `${line}\n`).join(""));
    expect(read(join(machine.root, "etc/crypttab")).replaceAll(`${machine.root}/`, "/")).toBe(
      added.length === 0
        ? ""
        : "roadstead-swap /swapfile.roadstead /dev/urandom swap,cipher=aes-xts-plain64,size=512,nofail\n",
    );
    const used = machine.calls().filter((c) => /^swapon|\.swap$/.test(c));
    expect(used).toEqual(
      added.length === 0
        ? [`swapon ${machine.root}/swapfile.roadstead`]
        : Array(2).fill("systemctl start dev-mapper-roadstead\\x2dswap.swap"),
    );
  });

  describe("on a host that was made with a volume", () => {
    const KEPT = "/dev/disk/by-id/usb-x";
    const setUp = (env: string, over: Partial<HostSettings>) => {
      const { host, lock } = bareMetal();
      const machine = new Machine();
      mkdirSync(join(machine.root, "etc/roadstead"));
      writeFileSync(join(machine.root, "etc/roadstead/volume.env"), env);
      const before = machine.tree();
      const { script } = renderSettings({ ...hostSettings(host, lock), ...over });
      // Only the files: what the volume's own script makes of them is tested below.
      const done = machine.sh(machine.moved(script.replace(/\nexec \/usr\/local\/lib.*$/m, "")));
      const after = machine.tree();
      delete after["var/lib/roadstead/bootstrap.lock"];
      return { ...done, unchanged: JSON.stringify(after) === JSON.stringify(before) };
    };

    it("stops before any file is replaced when it has none itself, and says which disk and the way on", () => {
      const done = setUp(`DEVICE=${KEPT}\nLUKS=1\nKEY=basic\n`, {});
      expect(done).toMatchObject({ status: 1, unchanged: true });
      expect(done.stderr).toContain(`the piers of this host are on ${KEPT}, and this set-up has no volume`);
      expect(done.stderr).toContain("existing.hosts[]");
    });

    it.each([
      ["basic", "operator", true],
      ["operator", "basic", true],
      ["", "operator", true],
      ["", "basic", false],
      ["operator", "operator", false],
    ] as const)("whose key was %s, a set-up with %s is refused before any file: %s", (was, now, refused) => {
      const env = `DEVICE=${KEPT}\nLUKS=1\n${was && `KEY=${was}\n`}`;
      const done = setUp(env, { dataDevice: KEPT, volumeKey: now });
      expect(done).toMatchObject({ status: refused ? 1 : 0, unchanged: refused });
      if (refused) expect(done.stderr).toContain(`settled as ${was || "basic"}, and this set-up says ${now}`);
    });
  });

  it("stops at the step that fails and says which", () => {
    const sample = bareMetal();
    const settings = { ...hostSettings(sample.host, sample.lock), vere: undefined };
    const machine = new Machine();
    const done = machine.sh(machine.moved(renderSettings(settings, { allowMissing: true }).script));
    expect(done.status).toBe(1);
    expect(done.stderr).toContain("versions.vere.sha256.x86_64 was not given");
    expect(done.stderr).toContain("stopped at step vere");
    expect(Object.keys(machine.tree())).not.toContain("var/lib/roadstead/bootstrap.done");
  });
});

describe("a pier volume", () => {
  const volume = (
    luks = 1,
    key = "basic",
  ): { machine: Machine; run: (command: string, input?: string) => ReturnType<Machine["sh"]> } => {
    const machine = new Machine();
    const { host, lock } = planet();
    const script = renderHost(host, lock).files.find((f) => f.path.endsWith("/volume"))!.content;
    mkdirSync(join(machine.root, "etc/roadstead"));
    writeFileSync(
      join(machine.root, "etc/roadstead/volume.env"),
      `DEVICE=ebs\nLUKS=${luks}\nMOUNT=/srv/ships\nOPTIONS=noatime\nKEY=${key}\n`,
    );
    writeFileSync(join(machine.root, "disks"), "/dev/sda disk\n/dev/sdb disk\n");
    const text = script.replaceAll("${ROADSTEAD_ROOT:-}", machine.root);
    return { machine, run: (command, input) => machine.sh(text.replace("${1:?command}", command), input) };
  };
  const formats = (machine: Machine): string[] => machine.calls().filter((c) => /mkfs|luksFormat/.test(c));

  it("that is blank is encrypted, labelled and mounted, once", () => {
    const { machine, run } = volume();
    expect(run("prepare")).toMatchObject({ status: 0 });
    expect(formats(machine)).toEqual([
      `cryptsetup luksFormat --batch-mode --type luks2 --label roadstead --uuid ${readFileSync(join(machine.root, "luks-uuid"), "utf8").trim()} --key-file ${machine.root}/etc/roadstead/volume.key --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/sdb`,
      "mkfs.ext4 -q -L roadstead -m 1 /dev/mapper/roadstead",
    ]);
    expect(existsSync(join(machine.root, "is-mounted"))).toBe(true);
    expect(statSync(join(machine.root, "etc/roadstead/volume.key")).mode & 0o777).toBe(0o400);
    expect(run("prepare")).toMatchObject({ status: 0 });
    expect(formats(machine)).toEqual([]);
  });

  it.each([
    ["a file system", "ext4\n", "", /holds something that is not ours: left alone/],
    ["someone else's LUKS", "luks\n", "work-laptop", /encrypted, but not by Roadstead: left alone/],
    ["our LUKS without our key", "luks\n", "roadstead", /its key is not on this host/],
  ])("that holds %s is refused and never formatted", (_, disk, label, reason) => {
    const { machine, run } = volume();
    writeFileSync(join(machine.root, "disk"), disk);
    writeFileSync(join(machine.root, "luks-label"), label);
    const done = run("prepare");
    expect(done.status).toBe(1);
    expect(done.stderr).toMatch(reason);
    expect(formats(machine)).toEqual([]);
  });

  it("with data that no program knows is not blank", () => {
    const { machine, run } = volume(0);
    writeFileSync(join(machine.root, "raw"), "\0\0something");
    expect(run("prepare").stderr).toContain("holds a file system that is not ours: left alone");
    expect(formats(machine)).toEqual([]);
  });

  it("whose key the operator keeps waits for it, takes no other, and leaves it on no disk", () => {
    const { machine, run } = volume(1, "operator");
    const key = "a key of forty characters or thereabouts";
    writeFileSync(join(machine.root, "right-key"), key);
    expect(run("prepare").stderr).toContain("waits for the key it is encrypted with");
    expect(run("key", "short").status).toBe(1);
    expect(formats(machine)).toEqual([]);
    expect(run("key", key)).toMatchObject({ status: 0 });
    expect(run("prepare")).toMatchObject({ status: 0 });
    expect(formats(machine)).toHaveLength(2);
    expect(existsSync(join(machine.root, "etc/roadstead/volume.key"))).toBe(false);
    expect(existsSync(join(machine.root, "run/roadstead/volume.key"))).toBe(false);
    expect(run("key", "some other key of about that length")).toMatchObject({ status: 1 });
    expect(existsSync(join(machine.root, "run/roadstead/volume.key"))).toBe(false);
  });

  it("keeps the key that opens it when another is brought", () => {
    const { machine, run } = volume();
    expect(run("prepare")).toMatchObject({ status: 0 });
    const path = join(machine.root, "etc/roadstead/volume.key");
    const before = readFileSync(path);
    writeFileSync(join(machine.root, "right-key"), "the key that opens it");
    expect(run("key", "some other key of about that length").stderr).toContain("nothing was changed");
    expect(readFileSync(path)).toEqual(before);
    // Its header may come back from a copy, and then only the key that was there opens it.
    writeFileSync(join(machine.root, "disk"), "a damaged header\n");
    expect(run("key", "some other key of about that length").stderr).toContain("nothing was changed");
    expect(readFileSync(path)).toEqual(before);
  });

  it("on AWS is formatted without LUKS, once", () => {
    const { machine, run } = volume(0);
    expect(run("prepare")).toMatchObject({ status: 0 });
    expect(formats(machine)).toEqual(["mkfs.ext4 -q -L roadstead -m 1 /dev/sdb"]);
    expect(run("prepare")).toMatchObject({ status: 0 });
    expect(formats(machine)).toEqual([]);
  });

  it("is not guessed among several disks", () => {
    const { machine, run } = volume(0);
    writeFileSync(join(machine.root, "disks"), "/dev/sda disk\n/dev/sdb disk\n/dev/sdc disk\n");
    const done = run("prepare");
    expect(done.status).toBe(1);
    expect(done.stderr).toContain("more than one disk beside the root disk");
    expect(formats(machine)).toEqual([]);
  });

  it("whose preparation was cut off is finished, and only then", () => {
    const { machine, run } = volume();
    expect(run("prepare")).toMatchObject({ status: 0 });
    machine.calls();
    rmSync(join(machine.root, "fs-label"));
    expect(run("prepare").stderr).toContain("holds a file system that is not ours: left alone");
    expect(formats(machine)).toEqual([]);
    writeFileSync(join(machine.root, "etc/roadstead/volume.preparing"), "another-volume\n");
    expect(run("prepare").stderr).toContain("is not the volume whose preparation was cut off: left alone");
    expect(formats(machine)).toEqual([]);
    writeFileSync(
      join(machine.root, "etc/roadstead/volume.preparing"),
      readFileSync(join(machine.root, "luks-uuid"), "utf8"),
    );
    expect(run("prepare")).toMatchObject({ status: 0 });
    expect(formats(machine)).toEqual(["mkfs.ext4 -q -L roadstead -m 1 /dev/mapper/roadstead"]);
  });

  it("that is blank is not formatted at a later boot", () => {
    const { machine, run } = volume();
    expect(run("open").status).toBe(1);
    expect(formats(machine)).toEqual([]);
  });
});

// What the doctor has a person do with the key of a volume: no copy of it is lost by following it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporary } from "../../components/host/temporary";
import { done, type Facts, judged, replaced } from "./judged";

const KEY = "the one key of this volume";
const PLACES = ["/etc/roadstead/volume.key", "/run/roadstead/volume.key"];

const operator = (f: Facts) => replaced(f, "volume", "KEY=basic", "KEY=operator");
const keyIn = (path: string) => (f: Facts) => {
  operator(f);
  replaced(f, "volume-files", PLACES[0]!, path);
};
const keyFindings = (change: (f: Facts) => void) =>
  judged(change).findings.filter((f) => f.id === "volume/key" && f.level !== "ok");

/** A host on which `sudo` reaches only a directory, and only `KEY` opens the volume. */
function hostWith(path: string, content: string) {
  const root = temporary("roadstead-key-");
  const bin = join(root, "bin");
  for (const dir of [bin, join(root, "own"), join(root, "etc/roadstead"), join(root, "run/roadstead")])
    mkdirSync(dir, { recursive: true });
  const stub = (name: string, text: string) => writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  stub("ssh", 'shift\nexec sh -c "$*"');
  stub("sudo", `for a; do shift; case $a in /etc/*|/run/*) a=${root}$a ;; esac; set -- "$@" "$a"; done\nexec "$@"`);
  stub(
    "cryptsetup",
    `case "$*" in
"status roadstead") printf '/dev/mapper/roadstead is active and is in use.\\n  type:    LUKS2\\n  device:  /dev/sda\\n' ;;
"open --test-passphrase --key-file - /dev/sda") [ "$(cat)" = "${KEY}" ] ;;
*) exit 9 ;;
esac`,
  );
  stub("shred", '[ "$1" = -u ] && exec rm "$2"');
  const key = join(root, path);
  writeFileSync(key, content);
  const copy = join(root, "own", "home-volume.key.found");
  const run = (command: string) =>
    spawnSync("sh", ["-c", command], {
      cwd: join(root, "own"),
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    }).status;
  return { key, copy, run };
}

const steps = (fix: string): string[] => {
  const [, keep, take] = /: (\(umask .*?\)); 2\) .*? off the host: (ssh .*? < \S+); if it/.exec(fix) ?? [];
  return [keep!, take!];
};

describe.each(PLACES)("a volume's key that lies in %s and should not", (path) => {
  const [finding] = keyFindings(keyIn(path));

  test("is settled by hand, and no shred stands before its copy is proven", () => {
    expect(finding).toMatchObject({ level: "blocks", what: expect.stringContaining("may be the only one") });
    expect(finding!.fix).toMatch(/no reboot before: 1\) a copy off the host.*2\).*second place.*3\).*no other/);
    expect(finding!.fix.split("shred")).toHaveLength(2);
  });

  test("is taken off the host once a copy of it opens the volume", () => {
    const { key, copy, run } = hostWith(path, KEY);
    const [keep, take] = steps(finding!.fix);
    expect([run(take!), existsSync(key)]).toEqual([expect.any(Number), true]);
    expect(run(keep!)).toBe(0);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect([run(take!), existsSync(key), readFileSync(copy, "utf8")]).toEqual([0, false, KEY]);
  });

  test.each(["", "another volume's"])("and stays where it is when its copy (%p) does not", (content) => {
    const { key, run } = hostWith(path, content);
    const [keep, take] = steps(finding!.fix);
    run(keep!);
    expect(run(take!)).not.toBe(0);
    expect(existsSync(key)).toBe(true);
  });

  test("an earlier copy is not written over", () => {
    const { copy, run } = hostWith(path, "");
    writeFileSync(copy, KEY);
    expect(run(steps(finding!.fix)[0]!)).not.toBe(0);
    expect(readFileSync(copy, "utf8")).toBe(KEY);
  });
});

test.each(["roadstead-bootstrap.service", "roadstead-volume.service"])(
  "while %s waits with the key in memory that is worth a look, and nothing is to be done",
  (unit) => {
    const waits = (path: string) =>
      keyFindings((f) => {
        keyIn(path)(f);
        f.jobs = done(unit);
      });
    expect(waits(PLACES[1]!)).toMatchObject([{ level: "look", fix: "" }]);
    expect(waits(PLACES[0]!)).toMatchObject([{ level: "blocks" }]);
  },
);

test("the recovery key is copied for its owner alone, over no earlier copy", () => {
  const found = judged((f) =>
    replaced(f, "volume-files", "/etc/roadstead/volume.env", "/run/roadstead/volume.recovery"),
  ).findings.find((f) => f.id === "volume/recovery");
  expect(found!.fix).toMatch(/^\(umask 077; set -C; ssh .* > home-volume\.key\)$/);
});

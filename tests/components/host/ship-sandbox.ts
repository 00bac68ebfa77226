// A directory that stands for a host, with the scripts that guard its ships, a stub of vere and of what needs a real host.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { withoutComments } from "../../../components/host/render/comments";
import { shipScript } from "../../../components/host/render/ship-script";
import { maintenance, shipEnvironment } from "../../../components/host/render/ship-units";
import { upgradeScript } from "../../../components/host/render/upgrade";
import type { HostShip } from "../../../components/host/render";
import { temporary } from "./temporary";

export const KEY = "0wAAAAA.BBBBB.CCCCC.DDDDD.EEEEE.FFFFF.GGGGG.HHHHH.IIIII.JJJJJ.KKKKK";
export const ID = "sampel-palnet";
export const PLANET: HostShip = {
  id: ID,
  name: "~sampel-palnet",
  amesPort: 34543,
  httpPort: 8081,
  keySecret: "palnetKey",
};

/** A root directory with the scripts and the stubs. */
export class Sandbox {
  readonly root = temporary("roadstead-ship-");
  readonly bin = join(this.root, "stubs");

  constructor(ship: HostShip = PLANET, dataDevice?: string) {
    this.add(ship, dataDevice);
    for (const file of [shipScript(), ...maintenance(), upgradeScript()].map(withoutComments))
      this.write(file.path.slice(1), file.content, file.mode);
    this.write("usr/local/bin/urbit", STUB, "0755");
    for (const [name, body] of Object.entries(STUBS)) this.write(`stubs/${name}`, `#!/bin/sh\n${body}\n`, "0755");
    this.write("meminfo", "MemTotal: 4000000 kB\nSwapTotal: 2000000 kB\n");
    mkdirSync(join(this.root, "var/lib/roadstead"), { recursive: true });
    mkdirSync(join(this.root, "srv/ships"), { recursive: true });
  }

  add(ship: HostShip, dataDevice?: string): void {
    const env = shipEnvironment(ship, { dataDevice } as Parameters<typeof shipEnvironment>[1]);
    this.write(env.path.slice(1), env.content, env.mode);
  }

  write(path: string, content: string, mode = "0644"): void {
    const full = join(this.root, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    chmodSync(full, parseInt(mode, 8));
  }

  get env() {
    return {
      PATH: `${this.bin}:${process.env.PATH}`,
      ROADSTEAD_ROOT: this.root,
      ROADSTEAD_MEMINFO: join(this.root, "meminfo"),
      ROADSTEAD_SETTLE: "0",
    };
  }

  /** One of the scripts. */
  script(name: string, args: string[], env: Record<string, string> = {}) {
    const done = spawnSync("sh", [join(this.root, "usr/local/lib/roadstead", name), ...args], {
      encoding: "utf8",
      timeout: 60_000,
      env: { ...this.env, ...env },
    });
    return { code: done.status, out: done.stdout, err: done.stderr };
  }

  run(command: string, opts: { input?: string; env?: Record<string, string>; args?: string[]; id?: string } = {}) {
    const args = [join(this.root, "usr/local/lib/roadstead/ship"), command, opts.id ?? ID, ...(opts.args ?? [])];
    const done = spawnSync("sh", args, {
      input: opts.input ?? "",
      encoding: "utf8",
      env: { ...this.env, ...opts.env },
    });
    return { code: done.status, err: done.stderr };
  }

  /** The units of a whole first boot, in systemd's order. */
  firstBoot(id = ID): number | null {
    const condition = this.run("claim", { id });
    let result = "exec-condition";
    if (condition.code === 0) {
      const boot = this.run("boot", { id });
      result = boot.code === 0 ? "success" : "exit-code";
      if (boot.code === 0) this.run("booted", { id });
    }
    this.run("burn", { id, env: { SERVICE_RESULT: result } });
    return condition.code;
  }

  cleanStop() {
    return this.run("after", { env: { SERVICE_RESULT: "success", EXIT_CODE: "exited", EXIT_STATUS: "0" } });
  }

  read = (path: string): string =>
    existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), "utf8") : "";
  has = (path: string): boolean => existsSync(join(this.root, path));
  remove = (path: string): void => rmSync(join(this.root, path), { recursive: true, force: true });
  setEvent = (n: number): void => this.write(`srv/ships/${ID}/.urb/event`, String(n));
  wipePier = (): void => this.remove(`srv/ships/${ID}`);
  /** What was called since the last time, without what only asks. */
  calls(): string[] {
    const lines = this.read("calls").trim().split("\n");
    this.write("calls", "");
    return lines
      .map((l) => l.replaceAll(this.root, ""))
      .filter((l) => l && !/is-active|systemctl show|reset-failed/.test(l));
  }
  get state(): string {
    return this.read(`var/lib/roadstead/ships/${ID}/first-boot`).trim();
  }
  get quarantine(): string {
    return this.read(`var/lib/roadstead/ships/${ID}/quarantine`).trim();
  }
}

const STUBS: Record<string, string> = {
  // as_ship: drop "-u urbit --"
  runuser: 'shift 3\nexec "$@"',
  chown: "exit 0",
  sync: "exit 0",
  mountpoint: '[ -e "$ROADSTEAD_ROOT/mounted" ]',
  journalctl:
    'case $* in *--sync*) ;; *"-n 20 "*) tail -n 20 "$ROADSTEAD_ROOT/journal" 2>/dev/null ;; *) cat "$ROADSTEAD_ROOT/journal" 2>/dev/null ;; esac',
  ss: 'case $* in *"$(cat "$ROADSTEAD_ROOT/held" 2>/dev/null || echo none)"*) echo "UNCONN 0 0 *:1 *:* users:((\\"nc\\",pid=7,fd=3))" ;; esac',
  curl: 'case $* in *download*) exit 22 ;; esac; [ -e "$ROADSTEAD_ROOT/deaf" ] && echo 000 || echo 204',
  df: "echo head\necho dev 1 1 ${FREE:-99999999} 1 /",
  // Starts and stops go through the ship's own script, as its unit has them do.
  systemctl: `echo "systemctl $*" >>"$ROADSTEAD_ROOT/calls"
for last; do :; done
id=\${last#*@} id=\${id%.service}
ship=$ROADSTEAD_ROOT/usr/local/lib/roadstead/ship
on=$ROADSTEAD_ROOT/active/$id
case $* in
is-active*) [ -e "$on" ] && echo active || { echo inactive; exit 3; } ;;
*Result*) cat "$ROADSTEAD_ROOT/result" 2>/dev/null || echo success ;;
*ActiveEnter*) date -r "$on" ;;
stop*)
  [ -e "$on" ] || exit 0
  rm "$on"
  [ -e "$ROADSTEAD_ROOT/unclean" ] || SERVICE_RESULT=success EXIT_STATUS=0 sh "$ship" after "$id"
  ;;
start*)
  sh "$ship" check "$id" || exit 0
  mkdir -p "$ROADSTEAD_ROOT/active"
  if sh "$ship" run "$id"; then : >"$on"; else SERVICE_RESULT=exit-code EXIT_STATUS=1 sh "$ship" after "$id"; fi
  ;;
esac`,
};

// info prints what vere prints: the snapshot's event, then the log's. The file `fails` names what ends with 1.
export const STUB = `#!/bin/sh
echo "urbit $*" >>"$ROADSTEAD_ROOT/calls"
version=$(basename "$(dirname "$(readlink -f "$0")")")
[ "$1" != -R ] || { echo "urbit \${OLD:-4.6}"; exit 0; }
pier=$(for a; do :; done; echo "$a")
fails=$(cat "$ROADSTEAD_ROOT/fails" 2>/dev/null || true)
[ "$fails" != "$1" ] || exit 1
case $1 in
info)
  [ -e "$pier/.urb/event" ] || exit 1
  event=$(cat "$pier/.urb/event")
  printf '\\r\\nurbit: %s at event %s\\r\\n  disk: live=&, event=%s\\r\\n' "$pier" "$(cat "$ROADSTEAD_ROOT/snapshot" 2>/dev/null || echo "$event")" "$event" >&2
  exit 0 ;;
pack | roll | chop | prep) exit 0 ;;
esac
case " $* " in
*" -c "*)
  [ ! -e "$ROADSTEAD_ROOT/boot-fails" ] || exit 1
  mkdir -p "$pier/.urb/chk" "$pier/.urb/log/0i0"
  echo x >"$pier/.urb/chk/image.bin"
  echo 42 >"$pier/.urb/event" ;;
*)
  [ ! -e "$ROADSTEAD_ROOT/migrates-$version" ] || echo new >"$pier/.urb/log/0i0/vere.txt"
  [ ! -e "$ROADSTEAD_ROOT/broken-$version" ] || exit 1 ;;
esac
exit 0
`;

export const booted = (ship?: HostShip): Sandbox => {
  const s = new Sandbox(ship);
  const { code } = s.run("key", { input: `${KEY}\n` });
  if (code !== 0 || s.firstBoot() !== 0) throw new Error("the first boot of the sandbox failed");
  return s;
};

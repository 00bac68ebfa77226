// The steps `roadstead ship import` prints, carried out by a real shell: against the scripts of a ship's pod and of a host as they
// are, with a runtime, a kubectl and an ssh that only pretend. What the guards then say of the pier is the point.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { clusterScript, hostScript, type PierSource } from "../../../cli/ship/import-script";
import { shipScript } from "../../../components/host/render/ship-script";
import { shipEnvironment } from "../../../components/host/render/ship-units";
import { workspace } from "../fake-io";
import * as pod from "../../components/fleet/pod";

const SHIP = { id: "sampel-palnet", name: "~sampel-palnet", tenant: "t-0000000001", loom: 31 };
const EVENT = 500;

/** What a user has: a folder with the pier in it, and archives of it. */
function source(root: string, format: PierSource["format"]): PierSource {
  const home = workspace({
    [join("home", root, ".urb/log/0i0/data.mdb")]: "events",
    [join("home", root, "it's here")]: "x",
  });
  writeFileSync(join(home, "home", root, ".urb/event"), String(EVENT));
  const path = join(home, "home");
  if (format === "directory") return { path, format, root, bytes: 6 };
  const packed = join(home, `pier.${format}`);
  const pack = { tar: "cat", "tar.gz": "gzip -c", "tar.zst": "cat", zip: "cat" }[format];
  spawnSync("sh", ["-c", `tar -C "${path}" -cf - . | ${pack} > "${packed}"`]);
  return { path: packed, format, root, bytes: 6 };
}

describe("on a cluster", () => {
  beforeEach(pod.makePod);
  afterEach(pod.endPod);

  /** kubectl from outside: what is carried out in the pod is carried out in its folders. */
  function outside(replicas = "1"): void {
    pod.tool("df", 'printf "h\\nv 1 1 99999999 1%% /\\n"');
    pod.tool("zstd", "exec cat");
    pod.tool("unzip", 'mkdir "$4" && exec tar -C "$4" -xf "$2"');
    pod.tool(
      "outside",
      `printf '%s\\n' "$*" >> ${pod.at("asked")}
case "$*" in
  *"get lease"*) exec ${pod.at("bin/kubectl")} "$@" ;;
  *"get statefulset sampel-palnet"*) printf ${replicas} ;;
  *"-n t-0000000001 exec "*"sampel-palnet-0 -c ship -- "*) ;;
  *) exit 0 ;;
esac
while [ "$1" != -- ]; do shift; done
shift
n=$#
while [ "$n" -gt 0 ]; do
  a=$(printf '%s' "$1" | sed "s#^/urbit#${pod.at("volume")}#; s# /urbit# ${pod.at("volume")}#g; s#/run/roadstead#${pod.at("run")}#")
  shift
  set -- "$@" "$a"
  n=$((n - 1))
done
exec "$@"
`,
    );
  }
  const bring = (from: PierSource, atEvent = EVENT) => {
    const script = clusterScript(SHIP, "prod", atEvent, from);
    const done = spawnSync("sh", ["-c", script], {
      encoding: "utf8",
      env: { ...pod.environment(), KUBECTL: pod.at("bin/outside"), ROADSTEAD_TRIES: "3", ROADSTEAD_NAP: "0" },
    });
    return { code: done.status, err: done.stderr };
  };
  const parkedForItsPier = async (): Promise<void> => {
    expect(pod.run("claim.sh", { ROADSTEAD_MODE: "import" }).stdout).toMatch(/quarantine the ship is imported/);
    expect(await pod.parked({ ROADSTEAD_MODE: "import" })).toMatch(/has not been brought in/);
  };
  /** A new pod: new folders but for the volume. */
  const again = (): string => {
    rmSync(pod.at("run"), { recursive: true });
    mkdirSync(pod.at("run"));
    return pod.run("claim.sh", { ROADSTEAD_MODE: "import" }).stdout;
  };
  const asked = () => pod.read("asked");

  test.each<[PierSource["format"], string]>([
    ["directory", ""],
    ["directory", "some/where"],
    ["tar", "sampel-palnet"],
    ["tar.gz", "it's"],
    ["tar.zst", ""],
    ["zip", "a/b"],
  ])("a pier from a %s at '%s' comes in, and the ship runs with it", async (format, root) => {
    pod.registry({ lastEvent: String(EVENT) });
    pod.runtime("exit 0", EVENT);
    outside();
    await parkedForItsPier();
    const done = bring(source(root, format));
    expect(done).toMatchObject({ code: 0 });
    expect(pod.read("volume/pier/it's here")).toBe("x");
    expect(existsSync(pod.at("volume/.incoming-sampel-palnet"))).toBe(false);
    // The pod's end is what starts it: nothing else of the script does.
    expect(asked().trim().split("\n").at(-1)).toBe("-n t-0000000001 delete pod sampel-palnet-0");
    expect(pod.lines("calls")).toEqual([]);
    expect(again()).toBe(`roadstead: claim: run ${EVENT}\n`);
    expect(pod.read("first-boot")).toBe("done");
    const child = pod.start({ ROADSTEAD_MODE: "import" });
    await pod.exitOf(child);
    expect(pod.lines("calls")[0]).toMatch(/^-t --http-port 8080 -p 34543 --loom 31 .*\/pier$/);
  });

  test("a pier of another event stays beside its place, and the ship stays parked", async () => {
    pod.registry({ lastEvent: String(EVENT) });
    pod.runtime("exit 0", EVENT - 1);
    outside();
    await parkedForItsPier();
    const done = bring(source("", "directory"));
    expect(done.code).toBe(1);
    expect(done.err).toMatch(
      /the pier is at event 499, and what was attested is a stop at event 500\n.*nothing was started/,
    );
    expect(existsSync(pod.at("volume/pier"))).toBe(false);
    expect(asked()).not.toContain("delete pod");
    expect(again()).toMatch(/quarantine the ship is imported/);
  });

  test("cut off on the way it brings nothing in, and begins anew", async () => {
    pod.registry({ lastEvent: String(EVENT) });
    pod.runtime("exit 0", EVENT);
    outside();
    await parkedForItsPier();
    const from = source("", "tar.gz");
    const whole = readFileSync(from.path);
    writeFileSync(from.path, whole.subarray(0, whole.length - 20));
    expect(bring(from).code).toBe(1);
    expect(existsSync(pod.at("volume/pier"))).toBe(false);
    writeFileSync(from.path, whole);
    expect(bring(from).code).toBe(0);
    expect(again()).toBe(`roadstead: claim: run ${EVENT}\n`);
  });

  test("cut off before the pod was ended it ends it, and copies nothing over a pier that is there", async () => {
    pod.registry({ lastEvent: String(EVENT) });
    pod.runtime("exit 0", EVENT);
    outside();
    await parkedForItsPier();
    pod.pier();
    const done = bring(source("", "directory"));
    expect(done).toMatchObject({ code: 0 });
    expect(asked()).not.toMatch(/tar -x/);
    expect(asked()).toContain("delete pod");
  });

  test.each<[string, pod.Claim]>([
    ["has run here", { firstBoot: "done", lastEvent: "500" }],
    ["is another stack's", { holder: "dev/t-0000000001", lastEvent: "500" }],
    ["was made for another event", { lastEvent: "400" }],
    ["cannot be read", { down: true }],
  ])("a ship whose claim %s is left alone", (_, claim) => {
    pod.registry(claim);
    outside();
    const done = bring(source("", "directory"));
    expect(done.code).toBe(1);
    expect(done.err).toMatch(/claim/);
    expect(asked()).not.toMatch(/exec|scale|delete/);
  });

  test("a pod that is parked for another reason is left alone; a stopped one is started, to have its volume", async () => {
    pod.registry({ lastEvent: String(EVENT) });
    outside("0");
    pod.put("run/quarantine", "the runtime refused it before\n");
    const done = bring(source("", "directory"));
    expect(done.err).toMatch(/parked for another reason/);
    expect(asked()).toContain("scale statefulset/sampel-palnet --replicas=1");
    expect(asked()).not.toMatch(/tar|delete/);
  });
});

describe("on a host", () => {
  let root: string;
  const at = (...parts: string[]) => join(root, ...parts);
  const put = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
    chmodSync(at(path), mode);
  };
  const read = (path: string) => (existsSync(at(path)) ? readFileSync(at(path), "utf8").trim() : "");
  const env = () => ({
    PATH: `${at("stubs")}:${process.env.PATH}`,
    ROADSTEAD_ROOT: root,
    ROADSTEAD_URBIT: at("stubs/urbit"),
    HOME: root,
  });

  beforeEach(() => {
    root = workspace();
    const ship = { ...SHIP, amesPort: 34543, httpPort: 8081, imported: true, importedAtEvent: EVENT };
    for (const file of [shipEnvironment(ship, {} as Parameters<typeof shipEnvironment>[1]), shipScript()])
      put(file.path.slice(1), file.content, parseInt(file.mode, 8));
    for (const [name, text] of Object.entries({
      ssh: `[ "$1" = keeper@203.0.113.7 ] || exit 255\nshift\nexec sh -c "$*"`,
      sudo: 'exec "$@"',
      runuser: 'shift 3\nexec "$@"',
      chown: `printf 'chown %s\\n' "$*" >> "$ROADSTEAD_ROOT/calls"`,
      sync: "",
      df: 'printf "h\\nv 1 1 99999999 1%% /\\n"',
      mountpoint: "",
      systemctl: `printf 'systemctl %s\\n' "$*" >> "$ROADSTEAD_ROOT/calls"`,
      urbit: `pier=$(for a; do :; done; echo "$a")\n[ -e "$pier/.urb/event" ] || exit 1\nprintf '  disk: live=&, event=%s\\r\\n' "$(cat "$pier/.urb/event")" >&2`,
    }))
      put(`stubs/${name}`, `#!/bin/sh\n${text}\n`, 0o755);
    mkdirSync(at("srv/ships"), { recursive: true });
  });
  const guard = (command: string) =>
    spawnSync("sh", [at("usr/local/lib/roadstead/ship"), command, SHIP.id], { encoding: "utf8", env: env() });
  const bring = (from: PierSource, atEvent = EVENT) => {
    put("bring.sh", hostScript(SHIP, atEvent, from));
    const done = spawnSync("sh", [at("bring.sh"), "keeper@203.0.113.7"], { encoding: "utf8", env: env() });
    return { code: done.status, err: done.stderr };
  };

  test.each<[PierSource["format"], string]>([
    ["directory", ""],
    ["tar", "sampel-palnet"],
    ["tar.gz", "it's"],
  ])("a pier from a %s at '%s' comes in, and the host's guard lets the ship run", (format, inner) => {
    expect(guard("check").status).toBe(78);
    expect(bring(source(inner, format))).toMatchObject({ code: 0 });
    expect(read("calls")).toMatch(/chown -R urbit:urbit .*\nsystemctl start roadstead-ship@sampel-palnet$/);
    expect(existsSync(at("srv/ships/.incoming-sampel-palnet"))).toBe(false);
    expect(guard("check")).toMatchObject({ status: 0 });
    expect(guard("status").stdout).toMatch(/^first boot: done; last clean stop at event: 500;/);
  });

  test.each<[string, () => void, RegExp]>([
    ["has no such ship", () => rmSync(at(`etc/roadstead/ships/${SHIP.id}.env`)), /has no ship sampel-palnet/],
    [
      "knows of another event",
      () => put(`etc/roadstead/ships/${SHIP.id}.env`, "IMPORTED=1\nSINCE=400\nLOOM=31\n"),
      /not imported at event 500/,
    ],
    [
      "is told by its lock that the ship has run since",
      () => put(`etc/roadstead/ships/${SHIP.id}.env`, "IMPORTED=1\nSINCE=500\nLOOM=31\nSEALED=1\n"),
      /has run since.*old copy/,
    ],
    ["had the ship before", () => put(`var/lib/roadstead/ships/${SHIP.id}/first-boot`, "done"), /has run here/],
    ["quarantined it", () => put(`srv/ships/.roadstead/${SHIP.id}/quarantine`, "why"), /quarantined \(.*why/],
    ["has a pier of it", () => put(`srv/ships/${SHIP.id}/.urb/x`, ""), /there is a pier/],
    ["has no room", () => put("stubs/df", '#!/bin/sh\nprintf "h\\nv 1 1 9 1%% /\\n"', 0o755), /there are 9 KiB free/],
    [
      "has no volume mounted",
      () => {
        put(`etc/roadstead/ships/${SHIP.id}.env`, "IMPORTED=1\nSINCE=500\nLOOM=31\nVOLUME=1\n");
        put("stubs/mountpoint", "#!/bin/sh\nexit 1\n", 0o755);
      },
      /volume is not mounted/,
    ],
  ])("a host that %s is sent nothing", (_, spoil, why) => {
    spoil();
    const done = bring(source("", "directory"));
    expect(done.code).toBe(1);
    expect(done.err).toMatch(why);
    expect(done.err).toMatch(/nothing was started/);
    expect(existsSync(at("srv/ships/.incoming-sampel-palnet"))).toBe(false);
    expect(read("calls")).not.toMatch(/systemctl/);
  });

  test("a pier of another event, or one that cannot be read, stays beside its place and is not started", () => {
    for (const text of ["499", "501", ""]) {
      const from = source("", "directory");
      writeFileSync(join(from.path, ".urb/event"), text);
      const done = bring(from);
      expect(done.code).toBe(1);
      expect(done.err).toMatch(
        text === "" ? /cannot be read/ : new RegExp(`is at event ${text}, and what was attested`),
      );
      expect(existsSync(at(`srv/ships/${SHIP.id}`))).toBe(false);
      expect(read("calls")).not.toMatch(/systemctl/);
    }
  });
});

test.each([
  ["cluster", clusterScript(SHIP, "prod", EVENT, { path: "/a b/it's", format: "zip", root: "x y", bytes: 1 })],
  ["host", hostScript(SHIP, EVENT, { path: "/a b/it's", format: "tar.zst", root: "", bytes: 1 })],
])("the script for a %s is one that sh can read, and quotes what it was given", (_, script) => {
  expect(spawnSync("sh", ["-n"], { input: script, encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  expect(script).toContain(`'/a b/it'\\''s'`);
});

test.each(["HUP", "INT", "TERM"])("a pier unpacked on the way goes again, also after SIG%s", (signal) => {
  const dir = workspace({
    "pier.zip": "",
    "tmp/.keep": "",
    "bin/unzip": '#!/bin/sh\nmkdir -p "$4/.urb"\nkill -$SIGNAL $PPID\n',
  });
  chmodSync(join(dir, "bin/unzip"), 0o755);
  const from: PierSource = { path: join(dir, "pier.zip"), format: "zip", root: "", bytes: 6 };
  const done = spawnSync("sh", ["-c", clusterScript(SHIP, "prod", EVENT, from)], {
    encoding: "utf8",
    env: {
      PATH: `${join(dir, "bin")}:${process.env.PATH}`,
      TMPDIR: join(dir, "tmp"),
      SIGNAL: signal,
      KUBECTL: "false",
    },
  });
  expect(done.status).toBe(130);
  expect(readdirSync(join(dir, "tmp"))).toEqual([".keep"]);
});

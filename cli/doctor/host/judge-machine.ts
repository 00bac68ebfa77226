// The machine under the ships: its set-up, files, units, memory, updates, clock. Pure.
import { HostKind } from "../../../components/host/render/settings";
import { blocks, type Finding, look, ok } from "../diagnose";
import { short, type UnitState } from "./facts";
import { judgeVolume } from "./judge-volume";
import { again, DAY, setUpByAnother, span, type Told } from "./subject";

export const judgeMachine = (told: Told): Finding[] => [
  ...setUp(told),
  ...judgeVolume(told),
  ...failed(told),
  ...units(told),
  ...memory(told),
  ...files(told),
  ...updates(told),
  ...clock(told),
  ...audit(told),
  ...maintenance(told),
];

function setUp(told: Told): Finding[] {
  const { facts, at, now } = told;
  const { bootstrap } = facts;
  const log = at("sudo journalctl -n 50 -u roadstead-bootstrap");
  if (bootstrap === null) return [blocks("set-up", "whether the set-up is finished could not be read", log)];
  const works = facts.atWork?.includes("roadstead-bootstrap.service") === true;
  if (bootstrap.failedStep !== null)
    return [
      blocks(
        "set-up",
        `the set-up stopped at its step ${bootstrap.failedStep || "unknown"}${works ? ", and is tried again just now" : ""}`,
        `${log}; once the cause is settled: ${at("sudo /usr/local/lib/roadstead/bootstrap")}`,
      ),
    ];
  if (bootstrap.done === null)
    return [
      works
        ? look("set-up", "the set-up is at work", at("sudo journalctl -fu roadstead-bootstrap"))
        : blocks("set-up", "this host was never set up to the end", `${log}; ${again(told)}`),
    ];
  return [ok("set-up", `set up ${span(now - bootstrap.done)} ago`)];
}

/** What fails is named once: by its own check where it has one. */
const OWN_CHECK = /^roadstead-(ship|first-boot)@|^roadstead-bootstrap\.|^roadstead-disk\./;

function failed({ facts, at }: Told): Finding[] {
  if (facts.failed === null) return [blocks("units", "failed units could not be read", at("systemctl --failed"))];
  const alarm = facts.failed.includes("roadstead-disk.service");
  return [
    ...(alarm ? [look("alarm", "the disk alarm is on", at("sudo journalctl -n 3 -u roadstead-disk"))] : []),
    ...facts.failed
      .filter((u) => !OWN_CHECK.test(u))
      .map((u) => {
        const log = at(`sudo journalctl -n 30 -u ${u.replace(/\\/g, "\\\\")}`);
        return /^(roadstead-|groundseg|caddy|docker|ssh|fail2ban|nftables)/.test(u)
          ? blocks(`failed/${u}`, `${u} has failed`, log)
          : look(`failed/${u}`, `${u} has failed`, log);
      }),
  ];
}

const isOn = (u: UnitState): boolean => u.active === "active";

function units(told: Told): Finding[] {
  const { facts, expected, at } = told;
  const { units: seen } = facts;
  if (seen === null) return [blocks("units", "the units could not be read", at('systemctl list-units "roadstead-*"'))];
  // Without a lock: what the host itself has of ours.
  const wanted =
    expected?.units ??
    Object.keys(seen).filter(
      (u) => /^roadstead-.*\.timer$|^roadstead-(firewall|volume)\.service$/.test(u) && seen[u]!.load !== "not-found",
    );
  const found = wanted.flatMap((name): Finding[] => {
    // Named already, with its log.
    if (facts.failed?.includes(name)) return [];
    // Newer distributions have sshd started by its socket.
    const socket = name === "ssh.service" ? seen["ssh.socket"] : undefined;
    if (socket !== undefined && isOn(socket) && socket.enabled === "enabled") return [];
    const unit = seen[name];
    const start = at(`sudo systemctl enable --now ${name}`);
    if (unit === undefined || unit.load === "not-found")
      return setUpByAnother(told)
        ? [look(`unit/${name}`, `${name} is not on the host, which an older Roadstead or lock set up`, again(told))]
        : [blocks(`unit/${name}`, `${name} is not on the host`, "see files: the set-up has to run once more")];
    if (unit.load === "masked" || unit.enabled.startsWith("masked"))
      return [
        blocks(
          `unit/${name}`,
          `${name} is masked: it never runs`,
          at(`sudo systemctl unmask ${name} && sudo systemctl enable --now ${name}`),
        ),
      ];
    if (!isOn(unit)) return [blocks(`unit/${name}`, `${name} does not run (${unit.active || "unknown"})`, start)];
    return ["enabled", "enabled-runtime", "static", "alias", "indirect", "generated"].includes(unit.enabled)
      ? []
      : [blocks(`unit/${name}`, `${name} runs and would not after a reboot (${unit.enabled || "unknown"})`, start)];
  });
  return found.length > 0 ? found : [ok("units", `${wanted.length} units and timers run and start at boot`)];
}

function memory({ facts, expected, at }: Told): Finding[] {
  const m = facts.memory;
  if (m === null) return [look("memory", "memory could not be read", at("free -m"))];
  const gib = (kib: number) => (kib / 1048576).toFixed(1);
  const found: Finding[] = [];
  const swap = expected?.settings.swapGiB ?? 0;
  if (swap > 0 && m.swap < swap * 1048576 * 0.95)
    found.push(
      look(
        "swap",
        `the lock has ${swap} GiB of swap, and ${gib(m.swap)} GiB are on: a ship that grows is killed sooner`,
        at("sudo swapon -a && swapon --show"),
      ),
    );
  if (facts.maxMapCount === null)
    found.push(look("maps", "vm.max_map_count could not be read", at("sysctl vm.max_map_count")));
  else if (facts.maxMapCount < 262_144)
    found.push(
      blocks(
        "maps",
        `vm.max_map_count is ${facts.maxMapCount}: a large ship crashes at it`,
        at("sudo sysctl --system"),
      ),
    );
  if (facts.killed === null)
    found.push(
      look("memory/killed", "whether the kernel killed for memory could not be read", at("sudo journalctl -k -n 50")),
    );
  else if (facts.killed.length > 0)
    found.push(
      look(
        "memory/killed",
        `the kernel killed for memory in the last week: ${short(facts.killed.at(-1)!, 120)}`,
        "more memoryGiB in the requirements, or fewer ships on this host",
      ),
    );
  if (m.available < m.total * 0.05)
    found.push(
      look(
        "memory",
        `${gib(m.available)} of ${gib(m.total)} GiB of memory are free`,
        at("ps -eo rss,comm --sort=-rss | head"),
      ),
    );
  return found.length > 0
    ? found
    : [ok("memory", `${gib(m.available)} of ${gib(m.total)} GiB of memory free, swap ${gib(m.swap)} GiB`)];
}

const NAMED = 12;

/** File by file against what the lock renders now. */
function files(told: Told): Finding[] {
  const { facts, expected, subject } = told;
  if (subject.unrendered !== null)
    return [
      blocks(
        "files",
        `nothing was compared with the lock of ${subject.stack}, which this Roadstead refuses: ${short(subject.unrendered, 300)}`,
        "plan again with what it asks for; the places of its ships were not compared either",
      ),
    ];
  if (expected === null)
    return [
      look(
        "files",
        "the host's files were not compared: no lock was given",
        `roadstead doctor ${subject.login} --stack STACK`,
      ),
    ];
  if (facts.files === null) return [blocks("files", "the host's files could not be read", again(told))];
  const seen = facts.files;
  const missing = expected.files.filter((f) => seen[f.path] === undefined);
  const differs = expected.files.filter((f) => seen[f.path] !== undefined && seen[f.path]!.sha256 !== f.sha256);
  const loose = expected.files.filter((f) => {
    const s = seen[f.path];
    return s !== undefined && (s.owner !== "root" || s.mode.replace(/^0/, "") !== f.mode);
  });
  const fix = again(told);
  const named = (list: { path: string }[], level: typeof blocks, what: string, why: string) => [
    ...list.slice(0, NAMED).map((f) => level(`file${f.path}`, `${f.path} ${what}`, why)),
    ...(list.length > NAMED
      ? [level("file/more", `… and ${list.length - NAMED} files more that ${what.replace(/^is /, "are ")}`, why)]
      : []),
  ];
  const found = [
    ...(setUpByAnother(told)
      ? named(missing, look, "is not on the host, which an older Roadstead or lock set up", fix)
      : named(missing, blocks, "is not on the host", fix)),
    ...named(
      differs,
      look,
      `is not what ${subject.stack} renders now: edited on the host, or the lock or Roadstead is newer than it`,
      fix,
    ),
    ...named(
      loose.filter((f) => !missing.includes(f)),
      blocks,
      "has another owner or mode than it was given",
      fix,
    ),
  ];
  return found.length > 0 ? found : [ok("files", `${expected.files.length} files are what ${subject.stack} renders`)];
}

function updates({ facts, at, now }: Told): Finding[] {
  const found: Finding[] = [];
  const age = facts.bootstrap?.done == null ? null : now - facts.bootstrap.done;
  const last =
    facts.upgrades === null
      ? null
      : (facts.upgrades["unattended-upgrades-stamp"] ?? facts.upgrades["upgrade-stamp"] ?? null);
  const log = at("sudo tail -n 30 /var/log/unattended-upgrades/unattended-upgrades.log");
  if (last === null && (age === null || age > 2 * DAY))
    found.push(look("updates", "unattended upgrades never ran, or left no stamp", log));
  if (last !== null && now - last > 3 * DAY)
    found.push(look("updates", `unattended upgrades ran ${span(now - last)} ago`, log));
  if (facts.pending === null)
    found.push(look("updates/pending", "pending security updates could not be counted", at("sudo apt-get update")));
  else if (facts.pending.length > 0)
    found.push(
      look(
        "updates/pending",
        `${facts.pending.length} security updates wait: ${facts.pending.slice(0, 6).join(", ")}${facts.pending.length > 6 ? " …" : ""}`,
        `they are installed by themselves within a day; now: ${at("sudo unattended-upgrade")}`,
      ),
    );
  if (!facts.rebootRead)
    found.push(look("reboot", "whether a reboot is asked for could not be read", at("ls /run/reboot-required")));
  else if (facts.rebootSince !== null)
    found.push(
      look(
        "reboot",
        `an update asked for a reboot ${span(now - facts.rebootSince)} ago`,
        `roadstead-reboot.timer does it at night, after the ships have stopped; why it did not: ${at("sudo journalctl -n 20 -u roadstead-reboot")}`,
      ),
    );
  return found.length > 0 ? found : [ok("updates", "no security update waits, no reboot is asked for")];
}

function clock({ facts, subject, at }: Told): Finding[] {
  if (facts.now === null) return [look("clock", "the host's clock could not be read", at("date -u"))];
  const off = Math.abs(facts.now - subject.now);
  if (off > 300)
    return [look("clock", `the host's clock and this machine's differ by ${span(off)}`, at("timedatectl"))];
  if (facts.clockSynchronized === true) return [ok("clock", "the clock is kept")];
  const what =
    facts.clockSynchronized === null
      ? "whether the clock is kept could not be read"
      : "the clock is not kept by anybody";
  return [look("clock", what, at("timedatectl"))];
}

function audit({ facts, at }: Told): Finding[] {
  if (facts.audit === null) return [look("audit", "the audit rules could not be read", at("sudo auditctl -s"))];
  return facts.audit.enabled && facts.audit.rules > 1
    ? [ok("audit", `${facts.audit.rules} audit rules`)]
    : [look("audit", "no audit rules are loaded", at("sudo augenrules --load"))];
}

/** Days from which a run was missed. */
const RHYTHM: Record<string, number> = { pack: 9, "roll-chop": 38, prep: 38 };

function maintenance({ facts, expected, at, now }: Told): Finding[] {
  if (expected?.settings.kind === HostKind.GroundSeg) return [];
  if (facts.maintenance === null) return [look("maintenance", "when ships were packed last could not be read", "")];
  const age = facts.bootstrap?.done == null ? 0 : now - facts.bootstrap.done;
  // Hosts that an older Roadstead set up have fewer of them, which their files say.
  const tasks = Object.entries(RHYTHM).filter(([task]) => facts.units?.[`roadstead-${task}.timer`]?.load === "loaded");
  const late = tasks.flatMap(([task, days]) => {
    const last = facts.maintenance![task];
    const since = last === undefined ? age : now - last;
    return since > days * DAY
      ? [
          look(
            `maintenance/${task}`,
            `${task} ran ${last === undefined ? "never, as far as the journal goes" : `${span(since)} ago`}`,
            `${at(`sudo journalctl -n 20 -u roadstead-${task}`)}; now, with each ship stopped meanwhile: ${at(`sudo systemctl start roadstead-${task}`)}`,
          ),
        ]
      : [];
  });
  if (tasks.length === 0) return [];
  return late.length > 0 ? late : [ok("maintenance", `${tasks.map(([task]) => task).join(", ")}: in their rhythm`)];
}

// The ships of a host: what keeps each from running twice first, then whether it runs. Pure.
import { LIB } from "../../../components/host/render/file";
import { HostKind, type HostShip } from "../../../components/host/render/settings";
import { blocks, type Finding, look, ok } from "../diagnose";
import { short, type ShipFacts } from "./facts";
import { span, type Told } from "./subject";

const SHIP = `${LIB}/ship`;

/** A ship that starts replays its log; a large one takes its time before it answers. */
const STARTING_SECONDS = 1_800;
/** The port is opened within seconds of that. */
const SETTLE_SECONDS = 120;

export function judgeShips(told: Told): Finding[] {
  const { facts, expected } = told;
  if (expected?.settings.kind === HostKind.GroundSeg) return [];
  if (facts.ships === null) return [blocks("ships", "the ships could not be read", told.at("ls /etc/roadstead/ships"))];
  const recorded = new Map((expected?.settings.ships ?? []).map((s) => [s.id, s]));
  const here = new Set(facts.ships.map((s) => s.id));
  return [
    ...facts.ships.flatMap((ship) =>
      expected !== null && !recorded.has(ship.id) ? stranger(ship, told) : judgeShip(ship, recorded.get(ship.id), told),
    ),
    ...[...recorded.keys()]
      .filter((id) => !here.has(id))
      .map((id) =>
        blocks(
          `ship/${id}/files`,
          `${id} is placed here by the lock, and the host does not know it`,
          expectedFiles(told),
        ),
      ),
  ];
}

const expectedFiles = ({ subject }: Told): string =>
  `see the set-up first; then roadstead host render ${subject.stack ?? "STACK"} --script --host ${subject.name}`;

/** The lock places it elsewhere, or nowhere: it may run there as well. */
function stranger(ship: ShipFacts, { at, subject }: Told): Finding[] {
  const id = `ship/${ship.id}/stranger`;
  const runs = ship.unit?.active === "active" || ship.unit?.active === "activating";
  if (runs || ship.firstBoot?.active === "activating")
    return [
      blocks(
        id,
        `${ship.id} runs here, and ${subject.stack} does not place it on this host: if it runs elsewhere too, both must breach`,
        `${at(`sudo systemctl disable --now roadstead-ship@${ship.id}`)} and find out where it belongs before anything starts it`,
      ),
    ];
  return [
    look(
      id,
      `${ship.id} has files here, and ${subject.stack} does not place it on this host; it does not run`,
      `it must never be started here once it ran elsewhere: ${at(`sudo systemctl disable roadstead-ship@${ship.id}`)}`,
    ),
  ];
}

function judgeShip(ship: ShipFacts, recorded: HostShip | undefined, told: Told): Finding[] {
  const { at } = told;
  const unread = [
    ...(ship.env.AMES_PORT === undefined || ship.env.HTTP_PORT === undefined ? ["its settings"] : []),
    ...(ship.record === null ? ["its record"] : []),
    ...(ship.pier === null || ship.key === null ? ["its pier and key"] : []),
    ...(ship.unit === null || ship.firstBoot === null ? ["its units"] : []),
  ];
  if (unread.length > 0)
    return [
      blocks(
        `ship/${ship.id}/record`,
        `${ship.id}: ${unread.join(", ")} could not be read, so nothing says that it may run`,
        at(`sudo ${SHIP} status ${ship.id}`),
      ),
    ];
  // Half of its record and its pier are on the volume: without it they only seem to be gone.
  if (quarantineOf(ship) === null && volumeIsAway(told))
    return [
      look(
        `ship/${ship.id}/volume`,
        `${ship.id} waits for the pier volume, and nothing else can be said of it`,
        "the volume first; what is started without it is refused, and no harm is done",
      ),
    ];
  const findings = [
    ...record(ship, recorded, told),
    ...keyLeft(ship, told),
    ...running(ship, told),
    ...settings(ship, recorded, told),
  ];
  return findings.some((f) => f.level !== "ok") ? findings : [...findings, ok(`ship/${ship.id}`, summary(ship))];
}

function volumeIsAway({ facts, expected }: Told): boolean {
  const mount = expected === null ? (facts.volume?.MOUNT ?? null) : expected.mount;
  return mount !== null && facts.mounts !== null && !facts.mounts.some((m) => m.target === mount);
}

type Booted = "never" | "started" | "done";

/** The furthest of the two records counts, as the guard on the host has it. */
function firstBootOf({ record }: ShipFacts): Booted {
  const said = [record!.here["first-boot"], record!.there["first-boot"]];
  return said.includes("done") ? "done" : said.includes("started") ? "started" : "never";
}

function eventOf({ record }: ShipFacts): number | null {
  const events = [record!.here.event, record!.there.event].flatMap((e) => (/^\d+$/.test(e ?? "") ? [Number(e)] : []));
  return events.length === 0 ? null : Math.max(...events);
}

const quarantineOf = ({ record }: ShipFacts): string | null =>
  record!.here.quarantine ?? record!.there.quarantine ?? null;

const isUp = (ship: ShipFacts): boolean => ship.unit!.active === "active";

function summary(ship: ShipFacts): string {
  const event = eventOf(ship);
  return `${ship.id}: runs, ${ship.health === 429 ? "busy" : "answers"}, ${event === null ? "no clean stop recorded yet" : `last clean stop at event ${event}`}`;
}

function record(ship: ShipFacts, recorded: HostShip | undefined, { at }: Told): Finding[] {
  const id = `ship/${ship.id}`;
  const reason = quarantineOf(ship);
  if (reason !== null) {
    const loose = isUp(ship) ? "; IT RUNS ALL THE SAME" : "";
    return [
      blocks(
        `${id}/quarantine`,
        `${ship.id} is in quarantine: ${short(reason)}${loose}`,
        loose === ""
          ? "leave it stopped. Find out whether another copy ran: docs/runbooks/HostShipQuarantined.md"
          : `${at(`sudo systemctl stop roadstead-ship@${ship.id}`)}, then docs/runbooks/HostShipQuarantined.md`,
      ),
    ];
  }
  const booted = firstBootOf(ship);
  const sealed = recorded?.sealed === true || ship.env.SEALED === "1";
  const imported = recorded?.imported === true || ship.env.IMPORTED === "1";
  const read = `docs/runbooks/HostShipQuarantined.md; what it knows: ${at(`sudo ${SHIP} status ${ship.id}`)}`;
  const danger = (what: string) => [
    blocks(
      `${id}/first-boot`,
      `${ship.id}: ${what}; its next start will put it in quarantine`,
      `do not start it. ${read}`,
    ),
  ];
  if (booted === "started")
    return ship.firstBoot!.active === "activating"
      ? [
          look(
            `${id}/first-boot`,
            `${ship.id} is at its first boot`,
            at(`sudo journalctl -fu roadstead-first-boot@${ship.id}`),
          ),
        ]
      : danger("its first boot was started and did not finish");
  if (booted === "done" && !ship.pier) return danger("it has had its first boot, and its pier is not there");
  if (booted === "never") {
    if (sealed) return danger("the lock says that it has booted for good, and this host has no record of it");
    if (ship.pier && !imported) return danger("there is a pier, and no record of its first boot");
    if (!ship.pier)
      return [
        look(
          `${id}/first-boot`,
          imported
            ? `${ship.id} waits for the pier that is brought in`
            : ship.env.FIRST_BOOT === "key"
              ? `${ship.id} has not booted: it waits for its key`
              : `${ship.id} has not booted`,
          imported
            ? "roadstead ship import FILE SHIP --pier PATH … gives the steps"
            : ship.env.FIRST_BOOT === "key"
              ? `pulumi config get ${recorded?.keySecret ?? "SECRET"} | ${at(`sudo ${SHIP} key ${ship.id}`)}`
              : at(`sudo systemctl start --no-block roadstead-first-boot@${ship.id}`),
        ),
      ];
  }
  const kept = [ship.record!.here["first-boot"], ship.record!.there["first-boot"]];
  return booted === "done" && kept.some((k) => k !== "done")
    ? [
        look(
          `${id}/record`,
          `${ship.id}: its two records differ (root disk: ${short(kept[0] ?? "nothing", 20)}, volume: ${short(kept[1] ?? "nothing", 20)}); the further one counts`,
          "a new host with its old volume has this until the ship has stopped once; otherwise find out who changed one",
        ),
      ]
    : [];
}

/** It is used once and burned; one that lies there afterwards was never meant to. */
function keyLeft(ship: ShipFacts, { at }: Told): Finding[] {
  if (!ship.key || ship.firstBoot!.active === "activating") return [];
  const burn = at(`sudo ${SHIP} burn ${ship.id}`);
  const waits = firstBootOf(ship) === "never" && quarantineOf(ship) === null;
  return [
    blocks(
      `ship/${ship.id}/key`,
      `${ship.id}: its boot key lies on the host, ${waits ? "and no first boot uses it" : "though it is not to be used again"}`,
      waits
        ? `${at(`sudo systemctl start --no-block roadstead-first-boot@${ship.id}`)}, or take it away: ${burn}`
        : burn,
    ),
  ];
}

function running(ship: ShipFacts, told: Told): Finding[] {
  const { at, facts, now } = told;
  const id = `ship/${ship.id}`;
  const unit = ship.unit!;
  if (quarantineOf(ship) !== null || ship.firstBoot!.active === "activating") return [];
  // Without a finished first boot it has nothing to run, which is said already.
  if (firstBootOf(ship) !== "done" && !isUp(ship)) return [];
  const log = at(`sudo journalctl -n 50 -u roadstead-ship@${ship.id}`);
  const found: Finding[] = [];
  if (unit.enabled !== "enabled")
    found.push(
      blocks(
        `${id}/enabled`,
        `${ship.id} would not start after a reboot (unit ${short(unit.enabled || "unknown", 20)})`,
        at(`sudo systemctl enable roadstead-ship@${ship.id}`),
      ),
    );
  if (!isUp(ship)) {
    const busy = facts.atWork?.filter((u) => /^roadstead-(pack|roll-chop|prep|backup)\.service$/.test(u)) ?? [];
    const dirty = [ship.record!.here.loom, ship.record!.there.loom].some((l) => l?.endsWith("running"));
    const start = at(`sudo systemctl start roadstead-ship@${ship.id}`);
    found.push(
      busy.length > 0
        ? look(`${id}/unit`, `${ship.id} is stopped while ${busy.join(", ")} works`, "wait; it is started again by it")
        : ship.stopped
          ? blocks(
              `${id}/unit`,
              `${ship.id} was stopped for work on its pier and not started again`,
              `unless an upgrade is at work just now: ${at(`sudo ${SHIP} start ${ship.id}`)}`,
            )
          : unit.active === "activating" || unit.active === "deactivating"
            ? look(`${id}/unit`, `${ship.id} is ${unit.active}`, log)
            : blocks(
                `${id}/unit`,
                `${ship.id} does not run: ${unit.active}${unit.result === "success" ? "" : ` (${unit.result}${unit.exitCode ? `, exit ${unit.exitCode}` : ""})`}${dirty ? ", and its last run did not end with a clean stop" : ""}`,
                unit.active === "failed" ? `read why first: ${log}; then ${start}` : start,
              ),
    );
    return found;
  }
  const since = unit.activeSince === null ? Infinity : now - unit.activeSince;
  if (ship.health !== 204 && ship.health !== 429)
    found.push(
      ship.health === null
        ? blocks(`${id}/health`, `${ship.id}: its health could not be asked`, "curl must be on the host")
        : since < STARTING_SECONDS
          ? look(`${id}/health`, `${ship.id} was started ${span(since)} ago and does not answer yet`, log)
          : blocks(
              `${id}/health`,
              `${ship.id} runs for ${span(since)} and its health page ${ship.health === 0 ? "does not answer" : `says ${ship.health}, not 204 or 429`}`,
              log,
            ),
    );
  const port = Number(ship.env.AMES_PORT);
  if (facts.udpPorts === null)
    found.push(look(`${id}/ames`, `${ship.id}: open ports could not be read`, at("ss -lun")));
  else if (!facts.udpPorts.includes(port))
    found.push(
      (since < SETTLE_SECONDS ? look : blocks)(
        `${id}/ames`,
        `${ship.id} does not listen on its Ames port ${port}/udp`,
        `who has it: ${at(`sudo ss -lunp sport = :${port}`)}; the ship's word: ${log}`,
      ),
    );
  if ((unit.restarts ?? 0) > 0)
    found.push(look(`${id}/restarts`, `${ship.id} was started again ${unit.restarts} times after a crash`, log));
  return found;
}

function settings(ship: ShipFacts, recorded: HostShip | undefined, told: Told): Finding[] {
  const { at } = told;
  const id = `ship/${ship.id}`;
  const wanted = ship.env.LOOM;
  const found: Finding[] = [];
  if (ship.runningLoom !== null && String(ship.runningLoom) !== wanted)
    found.push(
      look(
        `${id}/loom`,
        `${ship.id} runs with loom ${ship.runningLoom}, and its file says ${short(wanted ?? "nothing", 10)}`,
        `at its next clean stop and start: ${at(`sudo systemctl restart roadstead-ship@${ship.id}`)}`,
      ),
    );
  if (recorded !== undefined && ship.env.AMES_PORT !== String(recorded.amesPort))
    found.push(
      blocks(
        `${id}/ports`,
        `${ship.id} has Ames port ${short(ship.env.AMES_PORT ?? "none", 10)}, and the lock opens ${recorded.amesPort}`,
        `/etc/roadstead/ships/${ship.id}.env differs from the lock: see files`,
      ),
    );
  return found;
}

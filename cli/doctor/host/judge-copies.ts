// What is kept of the ships elsewhere, and which runtime each of them has. Pure.
import { LIB, STATE } from "../../../components/host/render/file";
import { HostKind } from "../../../components/host/render/settings";
import { RHYTHM_HOURS } from "../../../planner/backups";
import { blocks, type Finding, look, ok } from "../diagnose";
import { short } from "./facts";
import { span, type Told } from "./subject";

export const judgeCopies = (told: Told): Finding[] => [...copies(told), ...runtimes(told)];

const HOUR = 3600;

function copies({ facts, expected, at, now }: Told): Finding[] {
  if (expected === null) return [];
  const wanted = expected.backup;
  if (wanted === null && expected.snapshotHours !== null)
    return [
      ok(
        "backup",
        `AWS takes a snapshot of the pier volume every ${expected.snapshotHours} hours; not looked at from here`,
      ),
    ];
  if (wanted === null)
    return [
      look(
        "backup",
        "nothing backs up the piers: what is lost with their volume comes back by a breach only",
        "docs/components/backups.md",
      ),
    ];
  if (facts.backup === null)
    return [blocks("backup", "the state of the copies could not be read", at("ls /var/lib/roadstead/backup"))];
  if (!facts.backup.credentials)
    return [
      blocks(
        "backup",
        `no copies are made: the credentials of the bucket ${wanted.bucket} have not come`,
        `pulumi config get ${wanted.credentials.secret} | ${at(`sudo ${LIB}/backup credentials`)}`,
      ),
    ];
  const limit = 2 * RHYTHM_HOURS[wanted.every] * HOUR;
  const booted = (facts.ships ?? []).filter((s) =>
    [s.record?.here["first-boot"], s.record?.there["first-boot"]].includes("done"),
  );
  const log = at("sudo journalctl -n 30 -u roadstead-backup");
  const run = at("sudo systemctl start roadstead-backup");
  const since = facts.bootstrap?.done == null ? Infinity : now - facts.bootstrap.done;
  const found = booted.flatMap((s): Finding[] => {
    const last = facts.backup!.last[s.id];
    const anew = at(`sudo rm ${STATE}/backup/${s.id} && sudo systemctl start roadstead-backup`);
    if (last !== undefined && last.at === null)
      return [
        blocks(
          `backup/${s.id}`,
          `${s.id}: the record of its last copy cannot be read, so nothing says that there is one`,
          `${log}; a new one, with the ship stopped meanwhile: ${anew}`,
        ),
      ];
    if (last?.at != null && last.at - now > HOUR)
      return [
        blocks(
          `backup/${s.id}`,
          `${s.id}: its last copy is said to be made in ${span(last.at - now)}: until then none may be made`,
          `${at("timedatectl")}; once the clock is right, a new one, with the ship stopped meanwhile: ${anew}`,
        ),
      ];
    if (last?.at == null)
      return [
        (since > limit ? blocks : look)(
          `backup/${s.id}`,
          `${s.id}: no copy has left this host yet`,
          since > limit ? `${log}; then ${run}` : `tonight by itself; now, with the ship stopped meanwhile: ${run}`,
        ),
      ];
    return now - last.at > limit
      ? [
          blocks(
            `backup/${s.id}`,
            `${s.id}: its last copy is ${span(now - last.at)} old, and one is made ${wanted.every}`,
            `${log}; then ${run}`,
          ),
        ]
      : [
          ok(
            `backup/${s.id}`,
            `${s.id}: its last copy is ${span(now - last.at)} old, of event ${last.event ?? "unknown"}`,
          ),
        ];
  });
  return found.length > 0 ? found : [ok("backup", "copies are made once a ship has booted")];
}

/** A newer one is on the host by its set-up; no ship takes it by itself. */
function runtimes({ facts, expected, at }: Told): Finding[] {
  const wanted = expected?.settings.vere?.version.replace(/^v/, "");
  if (expected === null || expected.settings.kind === HostKind.GroundSeg || wanted === undefined) return [];
  if (facts.runtimes === null)
    return [look("vere", "which versions of vere are on the host could not be read", at(`ls ${LIB}/vere`))];
  const { versions, standard } = facts.runtimes;
  if (standard === null && versions.length === 0)
    return [blocks("vere", "there is no vere on the host", "see the set-up")];
  const of = (record: { here: Record<string, string>; there: Record<string, string> } | null) =>
    (record?.there.vere ?? record?.here.vere ?? standard ?? "unknown").split(" ")[0]!;
  const ships = (facts.ships ?? []).map((s) => ({ id: s.id, version: of(s.record) }));
  const unknown = ships.filter((s) => s.version === "unknown");
  const other = ships.filter((s) => s.version !== "unknown" && s.version !== wanted);
  const unproven = (facts.ships ?? []).filter((s) =>
    /unproven$/.test(s.record?.there.vere ?? s.record?.here.vere ?? ""),
  );
  const found = [
    ...unproven.map((s) =>
      look(
        `vere/${s.id}/unproven`,
        `${s.id}: its upgrade to vere ${short(of(s.record), 30)} was cut off, or never answered`,
        "docs/runbooks/RuntimeUpgrade.md",
      ),
    ),
    ...(unknown.length > 0
      ? [
          look(
            "vere",
            `which vere runs is not recorded for ${unknown.map((s) => s.id).join(", ")}: an older Roadstead set it up`,
            at("/usr/local/bin/urbit --version"),
          ),
        ]
      : []),
    ...other.map((s) =>
      look(
        `vere/${s.id}`,
        `${s.id} has vere ${short(s.version, 30)}, and the lock says ${wanted}`,
        "one-way, one ship at a time: docs/runbooks/RuntimeUpgrade.md",
      ),
    ),
  ];
  return found.length > 0 ? found : [ok("vere", `every ship has vere ${wanted}, as the lock says`)];
}

// Where the piers lie: mounted, encrypted, its key where it belongs, and room left. Pure.
import { keepCopy } from "../../../components/host/next-steps";
import { DISK_ALARM } from "../../../components/host/render/disk";
import { GROUNDSEG_BASE, PIERS } from "../../../components/host/render/file";
import { HostProvider } from "../../../components/host/render/settings";
import { blocks, type Finding, look, ok } from "../diagnose";
import { short } from "./facts";
import type { Told } from "./subject";

export const judgeVolume = (told: Told): Finding[] => [...volume(told), ...disks(told)];

/** One of the two places that there are, whatever a host says. */
const mountOf = (declared: string | null | undefined): string | null =>
  declared == null ? null : declared === GROUNDSEG_BASE ? GROUNDSEG_BASE : PIERS;

/** Piers on the root disk of an own host are nobody's mistake. */
function volume(told: Told): Finding[] {
  const { facts, expected, at } = told;
  const mount = mountOf(expected === null ? facts.volume?.MOUNT : expected.mount);
  if (mount === null) return [];
  if (facts.mounts === null) return [blocks("volume", "the mounts could not be read", at(`findmnt ${mount}`))];
  if (!facts.mounts.some((m) => m.target === mount))
    return [
      blocks(
        "volume",
        `the pier volume is not mounted on ${mount}`,
        `${at("sudo journalctl -n 20 -u roadstead-volume")}; then ${at("sudo systemctl start roadstead-volume")}. Never format it: it holds the piers`,
      ),
    ];
  const luks = expected?.luks ?? facts.volume?.LUKS === "1";
  if (!luks) {
    const by = expected?.settings.provider === HostProvider.Aws ? "EBS with the account's KMS" : "nobody on this host";
    return [ok("volume", `the pier volume is mounted on ${mount}; it is encrypted by ${by}`)];
  }
  const kinds = facts.under?.[mount];
  if (kinds === undefined)
    return [blocks("volume", "whether the pier volume is encrypted could not be read", at("lsblk"))];
  if (!kinds.includes("crypt"))
    return [
      blocks(
        "volume",
        `what is mounted on ${mount} is not encrypted, and should be`,
        `${at("lsblk")}: is it the right disk?`,
      ),
    ];
  return [ok("volume", `the pier volume is mounted on ${mount} from LUKS`), ...volumeKeys(told)];
}

const KEY_PLACES = ["/etc/roadstead/volume.key", "/run/roadstead/volume.key"];

/** They wait up to fifteen minutes for the volume, its key in memory. */
const HOLDS_THE_KEY = /^roadstead-(bootstrap|volume)\.service$/;

/** What is mounted, as the host's own shell finds it: no word of a host's answer stands in a command. */
const DEVICE = '$(sudo cryptsetup status roadstead | sed -n "s/^ *device: *//p")';

/** The key leaves the host only by a copy that is not there and opens the volume. */
function awayWith(path: string, { at, subject }: Told): string {
  const copy = `${subject.name}-volume.key.found`;
  const proven = at(`sudo cryptsetup open --test-passphrase --key-file - ${DEVICE} && sudo shred -u ${path}`);
  return [
    `by hand, in this order, and no reboot before: 1) a copy off the host: ${keepCopy(at(`sudo cat ${path}`), copy)}`,
    "2) the same copy in a second place",
    `3) with a copy that opens the volume, and no other, the key is taken off the host: ${proven} < ${copy}`,
    "if it does not open it, the key stays where it is until you know what it opens",
  ].join("; ");
}

function volumeKeys(told: Told): Finding[] {
  const { facts, expected, at, subject } = told;
  if (facts.volume === null)
    return [
      blocks("volume/key", "how the volume's key is kept could not be read", at("cat /etc/roadstead/volume.env")),
    ];
  const kept = facts.volumeFiles;
  const mode = facts.volume?.KEY ?? "basic";
  if (kept === null) return [look("volume/key", "the volume's key and header files could not be looked at", "")];
  const found: Finding[] = [];
  if (expected !== null && expected.volumeKey !== mode)
    found.push(
      look(
        "volume/mode",
        `the volume's key is kept as ${short(mode, 20)}, and the lock says ${expected.volumeKey}`,
        "the volume is as it was prepared; docs/components/vps-planet.md#encryption-honestly says how to change it",
      ),
    );
  const key = kept["/etc/roadstead/volume.key"];
  if (mode === "basic" && key === undefined)
    found.push(
      blocks(
        "volume/key",
        "the volume's key is not on the host: the next boot cannot open it",
        "put your copy back before any reboot",
      ),
    );
  if (mode !== "basic")
    found.push(
      ...KEY_PLACES.filter((path) => kept[path] !== undefined).map((path) =>
        path.startsWith("/run/") && facts.atWork?.some((u) => HOLDS_THE_KEY.test(u)) === true
          ? look("volume/key", "the volume's key is in memory while the set-up or the volume's unit is at work", "")
          : blocks(
              "volume/key",
              `the volume's key lies on the host in ${path}, and is kept as ${short(mode, 20)}; it may be the only one`,
              awayWith(path, told),
            ),
      ),
    );
  if (kept["/run/roadstead/volume.recovery"] !== undefined)
    found.push(
      look(
        "volume/recovery",
        "the volume's own key waits to be copied off the host; it is gone at the next boot",
        keepCopy(at("sudo cat /run/roadstead/volume.recovery"), `${subject.name}-volume.key`),
      ),
    );
  const loose = Object.entries(kept).filter(
    ([path, f]) =>
      /\.(key|recovery|header\.\d+)$/.test(path) && (f.owner !== "root" || !/^[0-7]?[0-7]00$/.test(f.mode)),
  );
  if (loose.length > 0)
    found.push(
      blocks(
        "volume/modes",
        `others than root may read ${loose.map(([p]) => short(p)).join(", ")}`,
        at("sudo chmod 0400 /etc/roadstead/volume.key /etc/roadstead/volume.header.*"),
      ),
    );
  if (!Object.keys(kept).some((p) => /\/volume\.header\.\d+$/.test(p)))
    found.push(
      look(
        "volume/header",
        "there is no copy of the volume's LUKS header: one bad sector could cost the volume",
        at(`sudo cryptsetup luksHeaderBackup ${DEVICE} --header-backup-file /etc/roadstead/volume.header.0`),
      ),
    );
  return found.length > 0
    ? found
    : [ok("volume/key", `the volume's key is kept as ${mode}; a copy of its header is on the host`)];
}

function disks({ facts, expected, at }: Told): Finding[] {
  if (facts.disks === null) return [blocks("disk", "how full the disks are could not be read", at("df -h"))];
  const pier = mountOf(expected === null ? facts.volume?.MOUNT : expected.mount);
  // A volume that is not mounted is named already.
  const watched = ["/", ...(pier !== null && facts.mounts?.some((m) => m.target === pier) !== false ? [pier] : [])];
  return watched.map((mount) => {
    const d = facts.disks!.find((disk) => disk.mount === mount);
    if (d === undefined || d.usedPercent === null || d.inodesPercent === null)
      return blocks(
        `disk${mount}`,
        `how full ${mount} is${d !== undefined && d.usedPercent !== null ? " of inodes" : ""} could not be read`,
        at(`df -h ${mount}; df -i ${mount}`),
      );
    const used = Math.max(d.usedPercent, d.inodesPercent);
    const what = `${mount} is ${used} % full${d.inodesPercent > d.usedPercent ? " (of inodes)" : ""}, ${d.freeGiB.toFixed(1)} GiB free`;
    const grow = `docs/runbooks/HostDiskFull.md; what takes it: ${at(`sudo du -xh -d 2 ${mount}`)}`;
    if (used >= DISK_ALARM.now)
      return blocks(`disk${mount}`, `${what}: a ship on a full disk stops and may not start`, grow);
    return used >= DISK_ALARM.soon ? look(`disk${mount}`, what, grow) : ok(`disk${mount}`, what);
  });
}

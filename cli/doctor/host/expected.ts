// What the lock has a host be: files by digest, units, ships. Pure; the same renderers that set the host up.
import { createHash } from "node:crypto";
import { hostPlace } from "../../../components/host/render/place";
import { renderSettings } from "../../../components/host/render/rendered";
import { HostKind, hostSettings, type HostSettings, VolumeKey } from "../../../components/host/render/settings";
import { mountPoint, usesLuks, volumeKey } from "../../../components/host/render/volume";
import type { Architecture, LockedHost } from "../../../planner/architecture/schema";

export interface ExpectedFile {
  path: string;
  mode: string;
  sha256: string;
}

export interface Expected {
  settings: HostSettings;
  files: ExpectedFile[];
  /** Timers and services that must run now and start at the next boot. */
  units: string[];
  mount: string | null;
  luks: boolean;
  volumeKey: string;
  /** Copies off the host; null for none. */
  backup: NonNullable<Architecture["backup"]["offHost"]> | null;
  /** Hours between two snapshots of its volume by AWS; null for none. */
  snapshotHours: number | null;
  /** The config secret with GroundSeg's password, where the lock names one. */
  groundsegSecret: string | undefined;
}

/** Of the distribution's packages; the volume's and the firewall's are ours. */
const ALWAYS = ["ssh.service", "fail2ban.service", "unattended-upgrades.service"];

/** `volume` is what the host says of its pier disk: an own host's may be known to nobody else. */
export function expectedOf(
  host: LockedHost,
  architecture: Architecture,
  volume: Record<string, string> | null,
): Expected {
  const settings = completed(hostSettings(host, architecture), volume);
  const { files } = renderSettings(settings, { allowMissing: true });
  return {
    settings,
    files: files.map((f) => ({
      path: f.path,
      mode: f.mode.replace(/^0/, ""),
      sha256: createHash("sha256").update(f.content).digest("hex"),
    })),
    units: [
      ...ALWAYS,
      ...files.flatMap((f) => expectedUnit(f.path, f.content)),
      ...(settings.domain === undefined ? [] : ["caddy.service"]),
      ...(settings.kind === HostKind.GroundSeg ? ["docker.service"] : []),
    ],
    mount: settings.dataDevice === undefined ? null : mountPoint(settings),
    luks: usesLuks(settings),
    volumeKey: volumeKey(settings),
    backup: architecture.backup?.offHost ?? null,
    snapshotHours: hostPlace(host, architecture).backupTag === undefined ? null : architecture.backup.everyHours,
    groundsegSecret: architecture.groundseg?.password.secret,
  };
}

/** Every path a rendering of this host may have, to ask for before its disk is known. */
export function pathsToAsk(host: LockedHost, architecture: Architecture): string[] {
  const settings = hostSettings(host, architecture);
  const paths = [settings, { ...settings, dataDevice: settings.dataDevice ?? "/dev/disk/by-id/any" }].flatMap((s) =>
    renderSettings(s, { allowMissing: true }).files.map((f) => f.path),
  );
  return [...new Set(paths)].sort();
}

function completed(settings: HostSettings, volume: Record<string, string> | null): HostSettings {
  if (settings.provider !== "own" || settings.dataDevice !== undefined || volume?.DEVICE === undefined) return settings;
  // Taken over only to compare the other files with what was rendered for this disk, by --data-device.
  if (!/^\/dev\/[\w./:+-]+$/.test(volume.DEVICE)) return settings;
  const kept = volume.KEY === VolumeKey.Operator ? { volumeKey: VolumeKey.Operator } : {};
  return { ...settings, ...kept, dataDevice: volume.DEVICE };
}

/** Timers all; services that stay, and are enabled at all. The first set-up is over; ships and GroundSeg have checks of their own. */
function expectedUnit(path: string, content: string): string[] {
  const [, name] = /^\/etc\/systemd\/system\/([\w.-]+\.(?:timer|service))$/.exec(path) ?? [];
  if (name === undefined || /^(roadstead-bootstrap|groundseg)\.service$/.test(name) || !content.includes("[Install]"))
    return [];
  const stays = name.endsWith(".timer") || /^RemainAfterExit=yes|^Type=(simple|exec|notify)/m.test(content);
  return stays ? [name] : [];
}

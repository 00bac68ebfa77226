// What `pulumi up` says of a host at its end: how to log in to each ship, and what backs it up. Never a code, never a key.
import { adminUser } from "./access";
import { shipHost } from "./edge";
import { HostKind, HostProvider, type HostSettings, type ProviderBackups } from "./settings";

/** How each ship is reached, by its id. */
export function logins(settings: HostSettings, address: string): Record<string, string> {
  const login = `${adminUser(settings)}@${address}`;
  const code = "the code comes from the ship's own dojo (+code) or from Bridge";
  return Object.fromEntries(
    settings.ships.map((ship) => [
      ship.id,
      settings.domain
        ? `https://${shipHost(ship.id, settings.domain)}; ${code}`
        : `ssh -L ${ship.httpPort}:127.0.0.1:${ship.httpPort} ${login}, then http://localhost:${ship.httpPort}; ${code}`,
    ]),
  );
}

/** What of a host is copied elsewhere by whom; `snapshotHours`: its pier volume is snapshotted that often. */
export function backupState(
  settings: HostSettings,
  { providerBackups, snapshotHours }: { providerBackups?: ProviderBackups; snapshotHours?: number },
): string[] {
  const piers = settings.kind === HostKind.Vps ? "the pier" : "the piers";
  const root =
    settings.provider !== HostProvider.DigitalOcean
      ? []
      : [
          providerBackups === undefined || providerBackups === "none"
            ? "root disk: no backups"
            : `root disk: ${providerBackups} backups by DigitalOcean, without the volume`,
        ];
  const { backup } = settings;
  const copies = [
    ...(backup ? [`${piers}: an encrypted copy to ${backup.bucket} ${backup.every ?? "weekly"}`] : []),
    ...(snapshotHours === undefined ? [] : [`${piers}: a snapshot by AWS every ${snapshotHours} hours`]),
  ];
  return [
    ...(copies.length === 0
      ? [`${piers}: no backup. What is lost with the volume comes back by a breach only`]
      : copies.map((copy) => `${copy}, to read; starting a ship from it needs a breach`)),
    ...root,
  ];
}

// Two deliveries of one bootstrap: cloud-init user-data, and a script for a host that exists already, run by hand or over SSH.
import { gzipSync } from "node:zlib";
import { stringify } from "yaml";
import { adminUser } from "./access";
import { BOOTSTRAP, BOOTSTRAP_LOCK } from "./bootstrap";
import { STATE, type HostFile } from "./file";
import { HostKind, HostProvider, type HostSettings } from "./settings";
import { usesLuks, volumeKey } from "./volume";

/** EC2 counts user-data before its base64; DigitalOcean's figure is by inference (facts/policy.md §6.3). */
export const USER_DATA_LIMIT = { aws: 16 * 1024, digitalocean: 64 * 1024 } as const;

export function cloudConfig(settings: HostSettings, files: HostFile[], missing: string[]): string {
  const doc = {
    hostname: settings.name,
    // sudo looks up the host's own name at every command.
    manage_etc_hosts: "localhost",
    // No `default`: the image's own user is not made.
    users: [
      {
        name: adminUser(settings),
        shell: "/bin/bash",
        lock_passwd: true,
        // No sudo here: cloud-init adds its rule again on every new instance; our own file has it.
        ssh_authorized_keys: settings.access.sshPublicKeys,
      },
    ],
    disable_root: true,
    ssh_pwauth: false,
    // EC2 has little room: alike files beside each other, and no more indentation than YAML needs.
    write_files: [...files]
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map((f) => ({ path: f.path, permissions: f.mode, content: f.content })),
    runcmd: [
      ["systemctl", "daemon-reload"],
      // --no-block: the steps start units that wait for the end of the boot, which waits for this.
      ["systemctl", "enable", "roadstead-bootstrap.service"],
      ["systemctl", "start", "--no-block", "roadstead-bootstrap.service"],
    ],
  };
  const marks = missing.map((path) => `# MISSING: ${path}\n`).join("");
  return `#cloud-config\n${marks}${stringify(doc, { lineWidth: 0, indent: 1 })}`;
}

const VOLUME = "/etc/roadstead/volume.env";

/** A host made with a volume is given none of the files that would look for its piers elsewhere, or forget who keeps its key. */
function keepsVolume(settings: HostSettings): string {
  const stop = (why: string, fix: string): string =>
    `{ echo "roadstead: ${why}: nothing was changed. ${fix}. Only if that volume never held a pier: rm ${VOLUME}" >&2; exit 1; }`;
  const was = (field: string): string => `$(sed -n 's/^${field}=//p' ${VOLUME})`;
  if (settings.dataDevice === undefined)
    return `[ ! -e ${VOLUME} ] || ${stop(
      `the piers of this host are on ${was("DEVICE")}, and this set-up has no volume`,
      "Name it as dataDevice: existing.hosts[] of the requirements, planned with --write --force, or the component's argument",
    )}\n`;
  if (!usesLuks(settings)) return "";
  const key = volumeKey(settings);
  // Those of before there was a choice say nothing.
  return `[ ! -e ${VOLUME} ] || { was=${was("KEY")}; [ "\${was:=basic}" = ${key} ]; } || ${stop(
    `who keeps the key of this host's volume was settled as $was, and this set-up says ${key}`,
    "Set volumeKey back",
  )}\n`;
}

/** A ship that is not placed here any more runs on with its ports and its name until a person ends it: nothing may be given to another before. */
function keepsShips(settings: HostSettings): string {
  const ships = settings.kind === HostKind.GroundSeg ? [] : settings.ships;
  const known = ships.map((s) => `${s.id} | `).join("");
  return `for env in /etc/roadstead/ships/*.env; do
  id=$(basename "$env" .env)
  case $id in ${known}'*') continue ;; esac
  echo "roadstead: $id is set up on this host, and its plan has it here no more: nothing was changed. End it, its pier stays: systemctl disable --now roadstead-ship@$id && rm $env" >&2
  exit 1
done

`;
}

export function hostScript(settings: HostSettings, files: HostFile[], missing: string[]): string {
  const puts = files.map((f) => {
    if (f.content.includes("\nROADSTEAD_FILE\n")) throw new Error(`${f.path} holds the end mark of its here-document`);
    return `put ${f.path} ${f.mode} <<'ROADSTEAD_FILE'\n${f.content}ROADSTEAD_FILE`;
  });
  return `#!/bin/sh
# Sets up ${settings.name}. Run as root; running it again changes nothing. Holds no secret.
${missing.map((path) => `# MISSING: ${path}\n`).join("")}set -eu
[ "$(id -u)" = 0 ] || { echo "roadstead: must run as root" >&2; exit 1; }
# put PATH MODE: writes standard input there if it differs.
put() {
  mkdir -p "$(dirname "$1")"
  new=$(mktemp "$1.XXXXXX")
  cat >"$new"
  # A script that may not be run yet would skip whoever calls it.
  chmod "$2" "$new"
  if cmp -s "$new" "$1"; then rm "$new"; else mv "$new" "$1"; fi
  chmod "$2" "$1"
}

# A set-up that runs already, such as the first one after a boot, is not given other files under its hands.
mkdir -p ${STATE}
(umask 077 && : >>${BOOTSTRAP_LOCK})
exec 9>>${BOOTSTRAP_LOCK}
until flock -w 20 9; do
  echo "roadstead: another set-up of this host runs, waiting for it; its last words: $(journalctl -u roadstead-bootstrap -n 1 -o cat 2>/dev/null </dev/null)"
done

${keepsShips(settings)}${keepsVolume(settings)}${puts.join("\n\n")}

exec 9>&-
exec ${BOOTSTRAP}
`;
}

/** A host that cannot be rendered; the message lists every problem. */
export class HostRefused extends Error {}

/** One of the two; neither on a machine that is there already. */
export interface UserData {
  userData?: string;
  userDataBase64?: string;
}

/** User-data as a provider takes it: plain when it fits, gzip in base64 on EC2 when it does not. */
export function deliverUserData(
  { name, provider }: Pick<HostSettings, "name" | "provider">,
  userData: string,
): UserData {
  if (provider === HostProvider.Own) return {};
  const size = Buffer.byteLength(userData);
  const limit = provider === HostProvider.Aws ? USER_DATA_LIMIT.aws : USER_DATA_LIMIT.digitalocean;
  if (size <= limit) return { userData };
  // Where zlib cuts its blocks depends on memLevel: the others are tried only when its own does not fit.
  const tried: number[] = [];
  for (const memLevel of provider === HostProvider.Aws ? [8, 7, 6, 5] : []) {
    const packed = gzipSync(userData, { level: 9, memLevel });
    if (packed.length <= limit) return { userDataBase64: packed.toString("base64") };
    tried.push(packed.length);
  }
  const sent = tried.length > 0 ? `${Math.min(...tried)} bytes, packed` : `${size} bytes`;
  throw new HostRefused(
    `host ${name}:\n  - user-data: received ${sent}; accepted: ${limit} bytes at ${provider}; name fewer ships, recipients of backups or ` +
      "SSH keys (an ed25519 key takes a sixth of an RSA one); what is left out can be added on the host once it is there",
  );
}

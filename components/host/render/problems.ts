// Everything that is wrong with a host's settings, at once, before anything is made.
import {
  BUCKET,
  BUCKET_ENDPOINT,
  BUCKET_PREFIX,
  BUCKET_REGION,
  BACKUP_RHYTHMS,
  EXAMPLE_RECIPIENTS,
  isAgeRecipient,
} from "../../../planner/backups";
import { LIMITS } from "../../../planner/catalog/limits";
import {
  isPublicKey,
  LEAST_HOST_GIB,
  PUBLIC_KEY,
  PUBLIC_KEY_LOOKS,
  reachesRentedHosts,
  SHIP_ID,
} from "../../../planner/host-fields";
import {
  duplicateShips,
  HOST_IMAGE,
  secretInText,
  worldOpenCidr,
  type PredicateProblem,
} from "../../../planner/predicates";
import { TANG_THUMBPRINT, TANG_URL } from "../../../planner/volume-key";
import { fieldProblems } from "./fields";
import { diskProblems, portProblems } from "./room";
import { HostKind, HostProvider, VolumeKey, type HostSettings } from "./settings";
import { usesLuks, volumeKey } from "./volume";
import type { HostPlace } from "./place";

/** What may still be open in a preview; `up` insists. */
export const OPEN_IN_PREVIEW: ReadonlySet<string> = new Set(["no-ssh-key", "no-admin-cidr", "example-recipient"]);

const problem = (code: string, path: string, received: string, accepted: string, fix: string): PredicateProblem => ({
  code,
  path,
  received,
  accepted,
  fix,
});

/** Quoted by a shell that root runs: neither a quote nor a further line. */
const ONE_LINE = /^[^\r\n']*$/;

export function hostProblems(settings: HostSettings): PredicateProblem[] {
  const out = fieldProblems(settings);
  const { access, ships } = settings;
  if (access.sshPublicKeys.length === 0)
    out.push(
      problem(
        "no-ssh-key",
        "access.sshPublicKeys",
        "none",
        "at least one public SSH key",
        "add your public key: hosts have no passwords",
      ),
    );
  access.sshPublicKeys.forEach((key, i) => {
    if (!isPublicKey(key) || !ONE_LINE.test(key) || secretInText(key)) {
      const cut = PUBLIC_KEY.test(key);
      out.push(
        problem(
          "bad-ssh-key",
          `access.sshPublicKeys[${i}]`,
          cut ? "a key that is cut off, or not the key it says it is" : "something else",
          PUBLIC_KEY_LOOKS,
          "give the .pub file's line: with a key that is none nobody could log in, and nobody else may",
        ),
      );
    }
  });
  if (access.adminCidrs.length === 0)
    out.push(
      problem(
        "no-admin-cidr",
        "access.adminCidrs",
        "none",
        "at least one network",
        "name the network you administer from, such as 203.0.113.7/32",
      ),
    );
  else if (
    settings.provider !== HostProvider.Own &&
    !access.adminCidrs.some(worldOpenCidr) &&
    !reachesRentedHosts(access.adminCidrs)
  )
    out.push(
      problem(
        "no-admin-cidr",
        "access.adminCidrs",
        access.adminCidrs.join(", "),
        "at least one public IPv4 network",
        "a rented host has a public IPv4 address and no other: name the network you come from, such as 203.0.113.7/32",
      ),
    );
  access.adminCidrs.forEach((cidr, i) => {
    if (worldOpenCidr(cidr))
      out.push(
        problem(
          "world-open",
          `access.adminCidrs[${i}]`,
          cidr,
          "a network that is not the whole Internet",
          "narrow it to where you administer from",
        ),
      );
  });
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(access.user ?? "keeper") || access.user === "root" || access.user === "urbit")
    out.push(
      problem(
        "bad-user",
        "access.user",
        access.user ?? "",
        "a user name other than root and urbit",
        "choose another name",
      ),
    );
  if (settings.memoryGiB < LEAST_HOST_GIB)
    out.push(
      problem(
        "too-little-memory",
        "memoryGiB",
        `${settings.memoryGiB} GiB`,
        `at least ${LEAST_HOST_GIB} GiB`,
        "take a larger size: a ship maps 2 GiB when it starts",
      ),
    );
  if (ships.length === 0)
    out.push(problem("no-ship", "ships", "none", "at least one ship", "put a ship on the host or remove the host"));
  if (settings.kind === HostKind.Vps && ships.length > 1)
    out.push(
      problem(
        "many-ships",
        "ships",
        `${ships.length} ships`,
        "one ship",
        "use one VpsPlanet a ship, or a GroundSegHost",
      ),
    );
  const most = LIMITS.groundsegShips.value;
  if (settings.kind === HostKind.GroundSeg && ships.length > most)
    out.push(
      problem(
        "many-ships",
        "ships",
        `${ships.length} ships`,
        `at most ${most} ships`,
        "use another GroundSegHost for the others",
      ),
    );
  out.push(...duplicateShips(ships.map((s) => ({ id: s.id, name: s.name ?? null }))));
  out.push(...portProblems(settings));
  out.push(...volumeKeyProblems(settings));
  out.push(...backupProblems(settings));
  ships.forEach((ship, i) => {
    if (!SHIP_ID.test(ship.id))
      out.push(
        problem(
          "bad-id",
          `ships[${i}].id`,
          ship.id,
          "letters, digits and dashes, a letter first",
          "use the @p without its sig",
        ),
      );
    if (ship.name !== undefined && !/^~[a-z-]{3,60}$/.test(ship.name))
      out.push(
        problem("bad-name", `ships[${i}].name`, ship.name, "an @p with its sig", "write it like ~sampel-palnet"),
      );
    if (settings.kind === HostKind.GroundSeg && ship.class === "comet")
      out.push(
        problem(
          "comet",
          `ships[${i}].class`,
          ship.id,
          "any class but a comet",
          "GroundSeg does not support comets: use a VpsPlanet",
        ),
      );
  });
  return out;
}

function backupProblems({ backup, kind }: HostSettings): PredicateProblem[] {
  if (backup === undefined) return [];
  const out: PredicateProblem[] = [];
  const check = (field: string, fits: boolean, text: string | undefined, accepted: string, fix: string): void => {
    if (fits) return;
    const secret = text === undefined ? null : secretInText(text);
    const received = secret === null ? (text ?? "nothing") : `[looks like ${secret}; not shown]`;
    out.push(problem("bad-backup", `backups${field}`, received, accepted, fix));
  };
  const { bucket, endpoint, region, prefix, recipients, every } = backup;
  if (kind === HostKind.GroundSeg)
    check("", false, "a bucket", "nothing", "GroundSeg starts and stops its ships itself: export piers there");
  check(".bucket", BUCKET.test(bucket), bucket, "a bucket's name", "name a bucket that exists");
  check(
    ".endpoint",
    endpoint === undefined || BUCKET_ENDPOINT.test(endpoint),
    endpoint,
    "an https address without a path",
    "write it like https://nyc3.digitaloceanspaces.com",
  );
  check(
    ".region",
    region === undefined ? endpoint !== undefined : BUCKET_REGION.test(region),
    region,
    "a region's name; without an endpoint it is required",
    "write it like us-east-1",
  );
  check(".prefix", prefix === undefined || BUCKET_PREFIX.test(prefix), prefix, "a path", "write it like fleet/prod");
  check(
    ".every",
    every === undefined || BACKUP_RHYTHMS.includes(every),
    every,
    BACKUP_RHYTHMS.join(", "),
    "choose one",
  );
  if (recipients.length === 0)
    check(".recipients", false, undefined, "at least one public key of age", "make two with age-keygen, off the host");
  recipients.forEach((r, i) =>
    check(
      `.recipients[${i}]`,
      isAgeRecipient(r),
      r,
      "a public key of age, age1…",
      "give the line that age-keygen calls the public key",
    ),
  );
  if (recipients.some((r) => EXAMPLE_RECIPIENTS.includes(r)))
    out.push(
      problem(
        "example-recipient",
        "backups.recipients",
        "a key of the examples",
        "keys of your own",
        "make two with age-keygen, off the host: nobody has the secret of this one",
      ),
    );
  return out;
}

function volumeKeyProblems(settings: HostSettings): PredicateProblem[] {
  const out: PredicateProblem[] = [];
  const key = volumeKey(settings);
  const servers = settings.tang ?? [];
  const known: string[] = Object.values(VolumeKey);
  if (!known.includes(key))
    out.push(
      problem("bad-volume-key", "volumeKey", key, known.join(", "), "say who keeps the key, in one of these words"),
    );
  if (settings.volumeKey !== undefined && !usesLuks(settings))
    out.push(
      problem(
        "no-luks",
        "volumeKey",
        key,
        "nothing",
        settings.provider === HostProvider.Aws
          ? "leave it out: on AWS the volume is encrypted by EBS with the account's KMS"
          : "leave it out, or give the piers a device of their own: only that is encrypted",
      ),
    );
  if ((key === VolumeKey.Tang) !== servers.length > 0)
    out.push(
      problem(
        "tang-servers",
        "tang",
        `${servers.length} servers with volumeKey ${key}`,
        "at least one server with volumeKey tang, none without",
        "two servers of different owners, neither where the host is",
      ),
    );
  servers.forEach((server, i) => {
    if (!TANG_URL.test(server.url))
      out.push(
        problem(
          "bad-tang-url",
          `tang[${i}].url`,
          server.url,
          "an http address",
          "write it like http://tang-1.example.com",
        ),
      );
    if (!TANG_THUMBPRINT.test(server.thumbprint))
      out.push(
        problem(
          "bad-thumbprint",
          `tang[${i}].thumbprint`,
          server.thumbprint,
          "27 or 43 characters",
          "take what tang-show-keys prints on the server",
        ),
      );
  });
  return out;
}

/** Problems of a host that Roadstead makes at a provider. */
export function placeProblems(place: HostPlace, settings: HostSettings): PredicateProblem[] {
  const out = diskProblems(place, settings);
  if (place.provider === HostProvider.Own)
    out.push(
      problem(
        "own-host",
        "provider",
        "own",
        "aws or digitalocean",
        "use a BareMetalHost for a machine that exists already",
      ),
    );
  if (place.provider === HostProvider.Aws && !place.zone)
    out.push(
      problem(
        "no-zone",
        "zone",
        "none",
        "an availability zone such as us-west-2a",
        "name the zone: the volume lives in it",
      ),
    );
  if (place.provider === HostProvider.DigitalOcean && settings.arch !== "x86_64")
    out.push(problem("no-arm", "arch", settings.arch, "x86_64", "DigitalOcean has no arm64 sizes in the catalog"));
  const { domain } = settings;
  if (
    place.provider === HostProvider.DigitalOcean &&
    place.zoneId &&
    domain &&
    domain !== place.zoneId &&
    !domain.endsWith(`.${place.zoneId}`)
  )
    out.push(
      problem(
        "foreign-zone",
        "zoneId",
        place.zoneId,
        `the zone of ${domain}`,
        "name the DigitalOcean domain that the ships' domain belongs to",
      ),
    );
  if (place.zoneId && !domain)
    out.push(problem("no-domain", "domain", "none", "a domain in the zone", "set the domain, or leave the zone out"));
  return out;
}

/** Versions, checksums and images that were not given, as the paths that would give them. */
export function missingVersions(settings: HostSettings): string[] {
  if (settings.kind === HostKind.GroundSeg)
    return settings.groundseg ? [] : [`versions.groundseg.sha256.${settings.arch}`];
  return settings.vere ? [] : [`versions.vere.sha256.${settings.arch}`];
}

/** The image a host starts from: without one nothing can be made, and none is chosen for you. */
export function imageProblems(place: HostPlace): PredicateProblem[] {
  const known = place.provider === HostProvider.Own || HOST_IMAGE[place.provider].test(place.image ?? "");
  if (place.image && !known)
    return [
      problem(
        "unknown-image",
        "image",
        place.image,
        place.provider === HostProvider.Aws
          ? "an AMI id such as ami-0123456789abcdef0"
          : "a slug such as debian-12-x64, or an image's number",
        "the set-up is written for Debian 12 and Ubuntu 22.04 and later: name one of those",
      ),
    ];
  if (place.image) return [];
  const path = `versions.hostImage.${place.provider}`;
  return [
    problem(
      "missing-image",
      "image",
      "none",
      place.provider === HostProvider.Aws
        ? "the id of a Debian 12 AMI of the region"
        : "a Debian 12 droplet image slug",
      `set image, or ${path} in the requirements; there is no default`,
    ),
  ];
}

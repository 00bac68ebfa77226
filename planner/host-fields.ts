// What a host's settings look like, wherever they come from: requirements, a lock or a component's arguments. They become
// part of scripts that root runs: none of these lets a blank, a quote, a line break or anything else through that a shell reads.
import ipaddr from "ipaddr.js";

export const SHA256 = /^[0-9a-f]{64}$/;
/** Of a release, a chart or an add-on, as its project writes it. */
export const VERSION = /^v?\d[0-9A-Za-z.+-]{0,40}$/;
export const VERSION_LOOKS = "a version such as 4.6: a digit first, then letters, digits, dots, dashes";
export const DOMAIN = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;
export const HOST_NAME = /^[a-z]([a-z0-9-]{0,50}[a-z0-9])?$/;
/** Names its pier, units and claim. */
export const SHIP_ID = HOST_NAME;
export const HOST_ADDRESS = /^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/;
/** Any block device. What is recorded for good is a stable path. */
export const DEVICE = /^\/dev(\/[\w.:+-]+)+$/;
export const STABLE_DEVICE = /^\/dev\/disk\/by-id\/[\w.:+-]+$/;
/** vere's --loom, a power of two: 2 to 16 GiB. */
export const LOOM = { least: 31, most: 34 } as const;

/** Of a pier's disk, GiB. */
export const LEAST_PIER_GIB = 10;
/** Of a host's memory, GiB: below it a loom of 2 GiB cannot be mapped beside a system, swap or not. */
export const LEAST_HOST_GIB = 2;
/** Room beside the piers: Docker images and the daemon under GroundSeg, the system on an own host, GiB (reference model). */
export const GROUNDSEG_EXTRA_GIB = 20;

/** A network as every firewall writes it: four decimal parts or IPv6, no zone, and a length. */
export const isNetwork = (cidr: string): boolean =>
  /^[\da-f.:]+\/\d{1,3}$/i.test(cidr) &&
  (ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr) || ipaddr.IPv6.isValidCIDR(cidr));

const onCurve =
  (name: string, bytes: number) =>
  ([curve, point, ...rest]: readonly Buffer[]): boolean =>
    curve?.toString("latin1") === name && point?.length === bytes && rest.length === 0;

/** What the parts of a public SSH key after its type are, by type: their lengths, or at least their lengths. */
const PARTS: Readonly<Record<string, (parts: readonly Buffer[]) => boolean>> = {
  "ssh-ed25519": ([key, ...rest]) => key?.length === 32 && rest.length === 0,
  "sk-ssh-ed25519@openssh.com": ([key, application, ...rest]) =>
    key?.length === 32 && application !== undefined && application.length > 0 && rest.length === 0,
  "ecdsa-sha2-nistp256": onCurve("nistp256", 65),
  "ecdsa-sha2-nistp384": onCurve("nistp384", 97),
  "ecdsa-sha2-nistp521": onCurve("nistp521", 133),
  // sshd takes none below 1,024 bits.
  "ssh-rsa": ([exponent, modulus, ...rest]) =>
    exponent !== undefined && exponent.length > 0 && (modulus?.length ?? 0) >= 128 && rest.length === 0,
};

/** The key types a log-in may use. */
export const PUBLIC_KEY =
  /^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa|sk-ssh-ed25519@openssh\.com) ([A-Za-z0-9+/]+={0,2})(?: |$)/;

/** Whether what stands behind a type is one whole key of it: it says the type again, and each of its parts is there to its end. */
export function isWholeKey(type: string, base64: string): boolean {
  const bytes = Buffer.from(base64, "base64");
  // Node reads over what is no base64; sshd does not.
  if (bytes.toString("base64") !== base64) return false;
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32BE(at) : Infinity;
    if (end > bytes.length) return false;
    parts.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return parts[0]?.toString("latin1") === type && (PARTS[type]?.(parts.slice(1)) ?? false);
}

/**
 * Whether a line is one whole public key that may log in. A key that was cut off while it was copied looks like one, lets
 * nobody in, and the set-up ends every other log-in.
 */
export function isPublicKey(line: string): boolean {
  const [, type, base64] = PUBLIC_KEY.exec(line) ?? [];
  return type !== undefined && base64 !== undefined && isWholeKey(type, base64);
}

export const PUBLIC_KEY_LOOKS = "the whole line of one public key, as ssh-keygen wrote it into its .pub file";

/** Of these nobody comes from the Internet. */
const NOT_PUBLIC = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "224.0.0.0/3",
].map((cidr) => ipaddr.IPv4.parseCIDR(cidr));

/** Whether any of these networks can reach a rented host: it has an IPv4 address of the Internet and no other. */
export const reachesRentedHosts = (cidrs: readonly string[]): boolean =>
  cidrs.some((cidr) => {
    if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr)) return false;
    const [address, length] = ipaddr.IPv4.parseCIDR(cidr);
    return !NOT_PUBLIC.some(([network, bits]) => length >= bits && address.match(network, bits));
  });

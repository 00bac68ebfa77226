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
/** Room beside the piers: Docker images and the daemon under GroundSeg, the system on an own host, GiB (reference model). */
export const GROUNDSEG_EXTRA_GIB = 20;

/** A network as every firewall writes it: four decimal parts or IPv6, no zone, and a length. */
export const isNetwork = (cidr: string): boolean =>
  /^[\da-f.:]+\/\d{1,3}$/i.test(cidr) &&
  (ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr) || ipaddr.IPv6.isValidCIDR(cidr));

// Networks as numbers: what is left of the Internet when everything internal is taken away.
import ipaddr from "ipaddr.js";

/**
 * Never reached from a ship: this host, private networks, carrier NAT (EKS secondary pod networks), link-local with the
 * metadata service, test and benchmark networks, multicast, reserved. IANA special-purpose registry.
 */
export const NOT_INTERNET: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

interface Range {
  first: number;
  last: number;
}

function toRange(cidr: string): Range {
  const [address, bits] = ipaddr.IPv4.parseCIDR(cidr);
  const [a, b, c, d] = address.toByteArray() as [number, number, number, number];
  const size = 2 ** (32 - bits);
  const value = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1 };
}

const text = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");

/** Whether a text is an IPv4 network. */
export const isIPv4Cidr = (cidr: string): boolean => ipaddr.IPv4.isValidCIDR(cidr);

/** The fewest networks that cover exactly the same addresses, in order. */
export function normalise(cidrs: readonly string[]): string[] {
  const sorted = cidrs.map(toRange).sort((a, b) => a.first - b.first || b.last - a.last);
  const merged: Range[] = [];
  for (const range of sorted) {
    const previous = merged[merged.length - 1];
    if (previous && range.first <= previous.last + 1) previous.last = Math.max(previous.last, range.last);
    else merged.push({ ...range });
  }
  return merged.flatMap(toCidrs);
}

function toCidrs({ first, last }: Range): string[] {
  const cidrs: string[] = [];
  let at = first;
  while (at <= last) {
    let bits = 32;
    // The largest aligned network that starts here and does not reach over the end.
    while (bits > 0 && at % 2 ** (33 - bits) === 0 && at + 2 ** (33 - bits) - 1 <= last) bits -= 1;
    cidrs.push(`${text(at)}/${bits}`);
    at += 2 ** (32 - bits);
  }
  return cidrs;
}

/** What an egress rule to the Internet must except: everything internal, the given networks included. */
export const internetExcept = (internal: readonly string[]): string[] => normalise([...NOT_INTERNET, ...internal]);

/** Whether an address lies in one of the networks. */
export function contains(cidrs: readonly string[], address: string): boolean {
  const { first } = toRange(`${address}/32`);
  return cidrs.map(toRange).some((r) => r.first <= first && first <= r.last);
}

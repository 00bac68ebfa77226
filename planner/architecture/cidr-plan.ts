// Where each subnet of a VPC lies. A zone's place follows from its letter, never from its position in a list,
// so adding or removing a zone moves no other subnet.
import { parseCIDR, IPv4 } from "ipaddr.js";

/** Kubernetes service addresses, unless a cluster is given others: fixed, because tenants' egress rules exclude it. */
export const SERVICE_CIDR = "172.20.0.0/16";

export const SUBNET_TIERS = ["private", "public"] as const;
export type SubnetTier = (typeof SUBNET_TIERS)[number];

export interface PlannedSubnet {
  zone: string;
  tier: SubnetTier;
  cidr: string;
}

export interface CidrPlanInput {
  /** The VPC's range, /16 to /20. */
  cidr: string;
  zones: string[];
  /** Ranges the VPC must not overlap, such as the Kubernetes service range and peered networks. */
  avoid?: string[];
}

export interface CidrProblem {
  path: "cidr" | `zones[${number}]`;
  received: string;
  accepted: string;
  fix: string;
}

/** Zones a region can have here: letters a to h. */
const SLOTS = "abcdefgh";
const ZONE = /^[a-z]{2}(-[a-z]+)+-\d([a-h])$/;

interface Range {
  first: number;
  prefix: number;
}

/** The subnets, private ones in the lower half of the range, public ones above, three quarters of the upper half left free. */
export function cidrPlan(input: CidrPlanInput): PlannedSubnet[] {
  const problems = cidrProblems(input);
  if (problems.length > 0) throw new Error(problems.map((p) => `${p.path}: ${p.received}: ${p.accepted}`).join("; "));
  const vpc = range(input.cidr) as Range;
  return SUBNET_TIERS.flatMap((tier) =>
    input.zones.map((zone) => ({ zone, tier, cidr: subnet(vpc, tier, slot(zone) as number) })),
  );
}

/** Everything that keeps a plan from being made, all at once. */
export function cidrProblems(input: CidrPlanInput): CidrProblem[] {
  return [...vpcProblems(input), ...zoneProblems(input.zones)];
}

/** The first private /16 that overlaps none of the given ranges; null when there is none. */
export function freeVpcRange(avoid: string[]): string | null {
  const candidates = [
    ...Array.from({ length: 256 }, (_, i) => `10.${i}.0.0/16`),
    ...Array.from({ length: 16 }, (_, i) => `172.${16 + i}.0.0/16`),
    "192.168.0.0/16",
  ];
  return candidates.find((c) => ![SERVICE_CIDR, ...avoid].some((other) => cidrsOverlap(c, other))) ?? null;
}

/** Whether two IPv4 ranges share an address. Ranges that cannot be read share none. */
export function cidrsOverlap(a: string, b: string): boolean {
  const [x, y] = [range(a), range(b)];
  if (x === null || y === null) return false;
  const prefix = Math.min(x.prefix, y.prefix);
  return network(x.first, prefix) === network(y.first, prefix);
}

function vpcProblems({ cidr, avoid = [] }: CidrPlanInput): CidrProblem[] {
  const vpc = range(cidr);
  const at = (accepted: string, fix: string): CidrProblem => ({
    path: "cidr",
    received: JSON.stringify(cidr),
    accepted,
    fix,
  });
  if (vpc === null) return [at("an IPv4 range such as 10.0.0.0/16", "write network and prefix length")];
  const problems: CidrProblem[] = [];
  if (vpc.prefix < 16 || vpc.prefix > 20) {
    problems.push(
      at("a prefix length of 16 to 20", "AWS takes no larger range, and a smaller one has no room for pods"),
    );
  }
  if (network(vpc.first, vpc.prefix) !== vpc.first) {
    problems.push(
      at("a range that starts at its first address", `use ${text(network(vpc.first, vpc.prefix), vpc.prefix)}`),
    );
  }
  if (new IPv4(octets(vpc.first)).range() !== "private") {
    problems.push(at("a private range (RFC 1918)", "choose one inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"));
  }
  for (const other of avoid.filter((o) => cidrsOverlap(cidr, o))) {
    problems.push(at(`a range that does not overlap ${other}`, "choose another range: routes to both could not exist"));
  }
  return problems;
}

function zoneProblems(zones: string[]): CidrProblem[] {
  return zones.flatMap((zone, i): CidrProblem[] => {
    const received = JSON.stringify(zone);
    if (slot(zone) === null) {
      return [
        {
          path: `zones[${i}]`,
          received,
          accepted: "an availability zone such as us-west-2a, letters a to h",
          fix: "local and wavelength zones cannot hold a cluster's nodes",
        },
      ];
    }
    if (zones.indexOf(zone) !== i) {
      return [{ path: `zones[${i}]`, received, accepted: "each zone once", fix: "remove the repetition" }];
    }
    return [];
  });
}

function slot(zone: string): number | null {
  const letter = ZONE.exec(zone)?.[2];
  return letter === undefined ? null : SLOTS.indexOf(letter);
}

function subnet(vpc: Range, tier: SubnetTier, index: number): string {
  // Private: eight sixteenths, the lower half. Public: small ones from the middle on; the rest stays free to grow into.
  const half = 2 ** (31 - vpc.prefix);
  const prefix = tier === "private" ? vpc.prefix + 4 : vpc.prefix + 8;
  const start = tier === "private" ? vpc.first : vpc.first + half;
  return text(start + index * 2 ** (32 - prefix), prefix);
}

function range(cidr: string): Range | null {
  if (!IPv4.isValidCIDRFourPartDecimal(cidr)) return null;
  const [address, prefix] = parseCIDR(cidr);
  return { first: address.toByteArray().reduce((sum, octet) => sum * 256 + octet, 0), prefix };
}

function network(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return Math.floor(address / size) * size;
}

function octets(address: number): number[] {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256);
}

function text(address: number, prefix: number): string {
  return `${octets(address).join(".")}/${prefix}`;
}

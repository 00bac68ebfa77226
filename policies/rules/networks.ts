// What of the Internet reaches hosts and control planes.
import { worldOpenCidr } from "../../planner/predicates";
import { each, get, list, type PolicyResource, type Rule } from "./resource";

/** Ports administration happens on: SSH, and GroundSeg's web page and API, whose first visitor sets the password. */
const ADMIN_PORTS: Record<number, string> = { 22: "SSH", 3000: "GroundSeg's API" };
const GROUP = "aws:ec2/securityGroup:SecurityGroup";
const GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule";
const INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const DROPLET_FIREWALL = "digitalocean:index/firewall:Firewall";

interface Opening {
  cidrs: unknown[];
  protocol: unknown;
  from: unknown;
  to: unknown;
}

const opening = (rule: unknown, cidrs: string[], protocol: string): Opening => ({
  cidrs: cidrs.flatMap((path) => list(rule, path)),
  protocol: get(rule, protocol),
  from: get(rule, "fromPort"),
  to: get(rule, "toPort"),
});

function* openings(r: PolicyResource): Generator<() => Opening> {
  const blocks = ["cidrBlocks", "ipv6CidrBlocks"];
  if (r.type === GROUP) {
    for (const rule of list(r.props, "ingress")) yield () => opening(rule, blocks, "protocol");
  } else if (r.type === GROUP_RULE) {
    if (get(r.props, "type") !== "egress") yield () => opening(r.props, blocks, "protocol");
  } else if (r.type === INGRESS_RULE) {
    yield () => opening(r.props, ["cidrIpv4", "cidrIpv6"], "ipProtocol");
  } else {
    for (const rule of list(r.props, "inboundRules")) {
      yield () => {
        const [from, to] = ports(get(rule, "portRange"));
        return { cidrs: list(rule, "sourceAddresses"), protocol: get(rule, "protocol"), from, to };
      };
    }
  }
}

/** DigitalOcean writes `22`, `8000-9000`, `all`, or nothing for icmp. */
function ports(range: unknown): [number, number] {
  const text = String(range ?? "all");
  if (text === "all" || text === "0") return [0, 65535];
  const [from = 0, to = from] = text.split("-").map(Number);
  return [from, to];
}

function reaches({ protocol, from, to }: Opening, port: number): boolean {
  if (protocol === "-1" || protocol === -1 || protocol === "all") return true;
  if (protocol !== "tcp" && protocol !== "6") return false;
  const first = typeof from === "number" ? from : 0;
  return first <= port && port <= (typeof to === "number" ? to : 65535);
}

export const NETWORK_RULES: Rule[] = [
  {
    name: "no-world-open-administration",
    description: "Ports for administration are open to named networks, never to the whole Internet.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: (r) => [GROUP, GROUP_RULE, INGRESS_RULE, DROPLET_FIREWALL].includes(r.type),
    *check(r) {
      yield* each([...openings(r)], function* (read) {
        const open = read();
        for (const [port, what] of Object.entries(ADMIN_PORTS)) {
          if (!reaches(open, Number(port))) continue;
          yield* each(open.cidrs, function* (cidr) {
            if (worldOpenCidr(String(cidr))) yield `${what} (port ${port}) is open to ${String(cidr)}`;
          });
        }
      });
    },
  },
  {
    name: "droplet-behind-firewall",
    description: "Every droplet is behind a provider firewall, the only one containers cannot go around.",
    severity: "high",
    level: "mandatory",
    scope: "stack",
    applies: (r) => r.type === "digitalocean:index/droplet:Droplet",
    *check(r, stack) {
      const firewalls = stack.ofType(DROPLET_FIREWALL);
      if (!firewalls.some((f) => f.dependsOn.includes(r.urn))) yield "no firewall names the droplet";
    },
  },
  {
    name: "eks-endpoint-not-world-open",
    description: "A cluster's API answers to named networks, never to the whole Internet.",
    severity: "critical",
    level: "mandatory",
    scope: "resource",
    applies: (r) => r.type === "aws:eks/cluster:Cluster",
    *check(r) {
      const config = get(r.props, "vpcConfig");
      // AWS opens the endpoint unless it is told not to, and to everybody unless networks are named.
      if (get(config, "endpointPublicAccess") === false) return;
      const cidrs = list(config, "publicAccessCidrs");
      if (cidrs.length === 0) yield "the public endpoint is open to 0.0.0.0/0";
      yield* each(cidrs, function* (cidr) {
        if (worldOpenCidr(String(cidr))) yield `the public endpoint is open to ${String(cidr)}`;
      });
    },
  },
];

// Who may talk to whom, by the network policies of the manifests. No cluster: nothing here enforces policies.
import { NAMESPACE as MONITORING } from "../../components/monitoring/render/values";
import { EDGE } from "../../components/eks/render/edge";
import { LABEL } from "../../components/fleet/render/names";
import type { KubeObject } from "../cluster/control-plane/api";
import { manifestObjects } from "../cluster/fleet/deploy";
import { neighbours, smallFleet } from "../cluster/fleet/small";
import { allowedFrom, allowedTo, type Connection, connections, rangeOf } from "./analyzer";
import { asAdmitted, othersBeside } from "./others";

let objects: KubeObject[];
let ships: string[];
let one: string, sibling: string, stranger: string;
let all: Connection[];
let cidr: string;

beforeAll(async () => {
  const fleet = await smallFleet();
  objects = asAdmitted(manifestObjects(fleet));
  const locked = fleet.architectures[0]!.ships;
  ships = locked.map((s) => `${s.tenant}/${s.id}`);
  [one, sibling, stranger] = neighbours(locked).map((s) => `${s.tenant}/${s.id}`) as [string, string, string];
  cidr = fleet.architectures[0]!.network!.cidr;
  all = connections([...objects, ...othersBeside(objects)]);
}, 300_000);

const between = (from: string, to: string): string[] =>
  all.filter((c) => c.from === from && c.to === to).map((c) => c.allowed);

test("the analyzer sees every ship", () => {
  expect(ships).toHaveLength(6);
  for (const ship of ships) expect(all.some((c) => c.from === ship)).toBe(true);
});

test("no ship reaches another customer's ship, nor its own customer's other ships", () => {
  expect(between(one, stranger)).toEqual([]);
  expect(between(one, sibling)).toEqual([]);
  for (const from of ships) for (const to of ships) if (from !== to) expect(between(from, to)).toEqual([]);
});

test("the gateway and monitoring reach ships on their HTTP port and nothing else does", () => {
  for (const ship of ships) {
    const incoming = all.filter((c) => c.to === ship && c.from !== ship);
    expect(incoming.map((c) => `${c.from}: ${c.allowed}`).sort()).toEqual([
      `${EDGE.namespace}/proxy: protocols:TCP,dst_ports:8080`,
      `${MONITORING}/blackbox: protocols:TCP,dst_ports:8080`,
    ]);
  }
});

test("ships reach cluster DNS on port 53, by UDP and TCP, and no other service of kube-system", () => {
  expect(between(one, "kube-system/coredns")).toEqual(["protocols:TCP, UDP,dst_ports:53"]);
  expect(between(one, "kube-system/another-service")).toEqual([]);
});

test("ships reach peers on the Internet, by UDP on any port and by HTTPS", () => {
  expect(allowedTo(all, one, "8.8.8.8").sort()).toEqual(["protocols:TCP,dst_ports:443", "protocols:UDP"]);
});

test.each(["169.254.169.254", "10.99.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "172.20.0.10", "127.0.0.1"])(
  "ships do not reach %s: metadata service, private networks, other services",
  (address) => {
    expect(allowedTo(all, one, address)).toEqual([]);
  },
);

test("inside the platform's own network ships reach port 443 only, where the Kubernetes API answers", () => {
  const inside = cidr.replace(/\.0\.0\/\d+$/, ".3.7");
  expect(allowedTo(all, one, inside)).toEqual(["protocols:TCP,dst_ports:443"]);
  expect(allowedTo(all, one, "172.20.0.1")).toEqual(["protocols:TCP,dst_ports:443"]);
});

test("nobody outside reaches a relayed ship", () => {
  expect(all.filter((c) => rangeOf(c.from) !== null && ships.includes(c.to))).toEqual([]);
});

test("behind a load balancer one ship is reached by the world on its own Ames port, and asked from the public subnets; the others are as they were", async () => {
  const fleet = await smallFleet("prod", (first) => (first.amesInbound = "nlb"));
  const [architecture] = fleet.architectures;
  const there = asAdmitted(manifestObjects(fleet));
  const { id, tenant, ames } = architecture!.ships.find((s) => s.ames.inbound === "nlb")!;
  const then = connections([...there, ...othersBeside(there)]);
  const reached = then.filter((c) => rangeOf(c.from) !== null && ships.includes(c.to)).map((c) => c.to);
  expect(new Set(reached)).toEqual(new Set([`${tenant}/${id}`]));
  const from = (address: string) => allowedFrom(then, address, `${tenant}/${id}`);
  expect(from("8.8.8.8")).toEqual([`protocols:UDP,dst_ports:${ames.port}`]);
  const [subnet] = architecture!.cluster!.amesLoadBalancers!.publicCidrs;
  expect(from(subnet!.replace(/0\/\d+$/, "9"))).toEqual(["protocols:TCP,dst_ports:8080"]);
  // Another pod, in a private subnet, and a private network elsewhere.
  expect(from(cidr.replace(/\.0\.0\/\d+$/, ".3.7"))).toEqual([]);
  expect(from("192.168.1.1")).toEqual([]);
});

test("the judge can say no: without one customer's policies that customer's ships are open, and the others still closed", () => {
  const [tenant] = one.split("/");
  const open = objects.filter((o) => o.kind !== "NetworkPolicy" || o.metadata.labels?.[LABEL.tenant] !== tenant);
  const then = connections([...open, ...othersBeside(open)]);
  const reach = (from: string, to: string): number => then.filter((c) => c.from === from && c.to === to).length;
  expect(reach("strangers/somebody", one)).toBe(1);
  expect(reach(sibling, one)).toBe(1);
  expect(reach("strangers/somebody", stranger)).toBe(0);
});

// Ships behind a load balancer for Ames: what the world reaches, and which port is whose.
const fleet = ["tests/components/fleet/rendered-ship.test.ts", "tests/components/fleet"];
const eks = ["tests/components/eks/ames.test.ts", "tests/components/eks"];
const part = "components";

module.exports = [
  {
    id: "ames-open-on-every-port",
    part,
    title: "peers reach every UDP port of a ship behind a load balancer",
    file: "components/fleet/render/ship.ts",
    find: 'ports: [{ protocol: "UDP", port: ship.ames.port }],',
    replace: 'ports: [{ protocol: "UDP" }],',
    suites: fleet,
  },
  {
    id: "ames-open-to-neighbours",
    part,
    title: "other customers' pods count as peers on the Internet",
    file: "components/fleet/render/ship.ts",
    find: "except: internetExcept(balancer.publicCidrs)",
    replace: "except: internetExcept(balancer.publicCidrs).slice(0, 1)",
    suites: fleet,
  },
  {
    id: "nodes-open-to-the-world",
    part,
    title: "nodes let the whole Internet in on the ports of Ames, not the load balancers alone",
    file: "components/eks/render/ames.ts",
    find: 'referencedSecurityGroupId: output("balancers"),',
    replace: 'cidrIpv4: "0.0.0.0/0",',
    suites: eks,
  },
  {
    id: "ames-port-moves",
    part: "planner",
    title: "a re-planned ship behind a load balancer gets another port",
    file: "planner/architecture/place.ts",
    find: "s.seat?.inbound === s.wish ? s.seat.port : null",
    replace: "null",
    suites: ["tests/planner/architecture/ames.test.ts", "tests/planner/architecture"],
  },
];

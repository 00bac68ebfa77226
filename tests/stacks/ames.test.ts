// The stack program and load balancers for Ames: where a lock asks for one that its platform does not make, nothing is left out
// in silence.
import { previewArchitectures } from "../../preview";
import { clusterArchitectures, stacksOf } from "../preview/architectures";

const [balanced] = clusterArchitectures({ cells: 1, shipsPerCell: 2, balanced: true });
const types = async (architecture: typeof balanced): Promise<string[]> =>
  (await previewArchitectures(stacksOf([architecture!]))).graph.resources.map((r) => r.type);

test("a platform makes the ground its cells' load balancers stand on, and the controller, without a domain, too", async () => {
  const made = await types(balanced);
  expect(made).toContain("roadstead:index:AmesGround");
  expect(made).toContain("roadstead:index:LoadBalancerController");
  expect(made).not.toContain("roadstead:index:Edge");
  expect(made.filter((t) => t === "aws:lb/listener:Listener")).toHaveLength(2);
});

test("relayed ships have neither", async () => {
  const made = await types(clusterArchitectures({ cells: 1, shipsPerCell: 2 })[0]);
  expect(made.filter((t) => /^aws:lb\/|:Ames|:LoadBalancerController/.test(t))).toEqual([]);
});

test("a cluster that makes no load balancers for Ames refuses a ship behind one", async () => {
  const elsewhere = structuredClone(balanced!);
  Object.assign(elsewhere, { mode: "doks", provider: "digitalocean", region: "nyc3", zones: [] });
  elsewhere.nodePools = elsewhere.nodePools.map((p) => ({ ...p, zone: null, type: "m-4vcpu-32gb" }));
  await expect(types(elsewhere)).rejects.toThrow(/behind a load balancer for Ames, and mode doks makes none/);
});

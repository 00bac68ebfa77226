// `pulumi up` never plans: what the lock records is built as it is, also where no planner would have chosen it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { previewArchitectures, type GraphResource } from "../../preview";
import { clusterArchitectures, hostArchitectures, stacksOf } from "../preview/architectures";

jest.setTimeout(60_000);

const resourcesOf = async (...architectures: Parameters<typeof stacksOf>) =>
  (await previewArchitectures(stacksOf(...architectures), { everyCellUnderRuntime: true })).graph.resources;
const inputsOf = (resources: GraphResource[], type: string) =>
  new Map(resources.filter((r) => r.type === type).map((r) => [r.name, r.inputs as Record<string, never>]));

test("a cluster has the nodes, disks, zones and memory that are recorded, however odd", async () => {
  const [lock] = clusterArchitectures({ shipsPerCell: 3 });
  lock!.nodePools.forEach((pool, i) => (pool.count = 7 + i));
  lock!.ships.forEach((ship, i) => Object.assign(ship, { diskGiB: 33 + i, memoryMiB: 5000 + i, limitMiB: 6000 + i }));
  const resources = await resourcesOf([lock!]);

  const groups = inputsOf(resources, "aws:eks/nodeGroup:NodeGroup");
  for (const pool of lock!.nodePools) {
    const group = groups.get(`prod-${pool.name}`)!;
    expect(group.scalingConfig).toMatchObject({ minSize: pool.count, desiredSize: pool.count, maxSize: pool.count });
    expect(group.instanceTypes).toEqual([pool.type]);
  }
  expect(groups.size).toBe(lock!.nodePools.length);

  const piers = inputsOf(resources, "kubernetes:core/v1:PersistentVolumeClaim");
  const workloads = inputsOf(resources, "kubernetes:apps/v1:StatefulSet");
  for (const ship of lock!.ships) {
    expect(piers.get(`${ship.id}-pier`)!.spec).toMatchObject({
      resources: { requests: { storage: `${ship.diskGiB}Gi` } },
    });
    const workload = JSON.stringify(workloads.get(`${ship.id}-run`)!.spec);
    expect(workload).toContain(`"memory":"${ship.limitMiB}Mi"`);
    expect(workload).toContain(`["${ship.zone}"]`);
  }
});

test("a host has the size and the volume that are recorded, however odd", async () => {
  const [lock] = hostArchitectures({ shipsPerCell: 2 });
  lock!.hosts.forEach((host, i) => Object.assign(host, { volumeGiB: 71 + i, size: `s-${i + 3}vcpu-odd` }));
  const resources = await resourcesOf([lock!]);
  const droplets = inputsOf(resources, "digitalocean:index/droplet:Droplet");
  const volumes = inputsOf(resources, "digitalocean:index/volume:Volume");
  for (const host of lock!.hosts) {
    expect(droplets.get(`${host.name}-droplet`)!.size).toBe(host.size);
    expect(volumes.get(`${host.name}-volume`)!.size).toBe(host.volumeGiB);
  }
  expect(lock!.hosts).toHaveLength(2);
});

test("the program imports nothing that plans, prices or chooses", () => {
  const folder = join(__dirname, "../../stacks");
  const imported = readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/from "([^"]*\/planner\/[^"]*)"/g)])
    .map(([, path]) => path!);
  expect(imported.length).toBeGreaterThan(5);
  expect(imported.filter((path) => /planner\/(plan|catalog|report|index)(\/|$)/.test(path))).toEqual([]);
});

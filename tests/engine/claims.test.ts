// A ship runs once. Two stacks that know nothing of each other declare the same one: the second must fail before anything
// exists that could run it.
import { EXISTING_SERVER, type ExampleName, examples, prepare } from "./engine/examples";
import { type CloudObject, Project } from "./engine/project";

/** What a ship runs in. */
const RUNS = /:(Droplet|Instance|StatefulSet)$/;

/** Another person's project in the same account: the same ship, another SSH key. */
function stranger(name: ExampleName): (typeof examples)[ExampleName] {
  const { requirements, ...rest } = examples[name];
  const access = requirements.access as { sshPublicKeys: string[] };
  const sshPublicKeys = access.sshPublicKeys.map((key) => key.replace("AAAAI", "AAAAIB").replace(/A admin$/, " other"));
  return { ...rest, requirements: { ...requirements, access: { ...access, sshPublicKeys } } };
}

describe.each<ExampleName>(["vps-digitalocean", "vps-aws"])("a ship that another stack holds, %s", (name) => {
  const first = new Project();
  const second = new Project(first);
  afterAll(() => [first, second].forEach((p) => p.remove()));

  test("the second stack is refused before it has a host", async () => {
    const [stack] = await prepare(first, examples[name]);
    expect((await first.up(stack!)).code).toBe(0);
    const hosts = first.cloud.all().filter((o) => RUNS.test(o.type));
    expect(hosts).toHaveLength(1);
    const [other] = await prepare(second, stranger(name));
    const refused = await second.up(other!);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/already exists/);
    expect(first.cloud.all().filter((o) => RUNS.test(o.type))).toEqual(hosts);
  });

  test("it is refused, too, after the first stack is gone without a recorded clean stop", async () => {
    await first.must(["state", "unprotect", "--all", "--yes", "--stack", "prod"]);
    expect((await first.destroy("prod")).code).toBe(0);
    expect(first.cloud.all().filter((o) => RUNS.test(o.type))).toEqual([]);
    const refused = await second.up("prod");
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/already exists/);
    expect(first.cloud.all().filter((o) => RUNS.test(o.type))).toEqual([]);
  });
});

describe("a ship whose claim somebody holds in a cluster", () => {
  const project = new Project();
  afterAll(() => project.remove());
  const [ship, ...others] = examples["existing-cluster"].ships;

  test("gets no key, no volume and no pod, and the ships beside it come up", async () => {
    const [stack] = await prepare(project, examples["existing-cluster"]);
    const held = claim(ship!);
    project.cloud.create(held, `${EXISTING_SERVER} coordination.k8s.io/v1 Lease roadstead-registry/${ship}`);
    const up = await project.up(stack!, ["--continue-on-error"]);
    expect(up.code).not.toBe(0);
    expect(up.output).toMatch(new RegExp(`Lease roadstead-registry/${ship} already exists`));
    const made = project.cloud.all().filter((o) => o.urn.includes("roadstead:index:Ship$"));
    expect(made.filter((o) => o.id.includes(ship!))).toEqual([]);
    for (const other of others)
      expect(made.filter((o) => o.id.includes(other)).map((o) => o.type)).toEqual(
        expect.arrayContaining(["kubernetes:coordination.k8s.io/v1:Lease", "kubernetes:apps/v1:StatefulSet"]),
      );
  });

  test("the holder's claim is as it was", () => {
    const [found] = project.cloud.all().filter((o) => o.type.endsWith(":Lease") && o.id.endsWith(`/${ship}`));
    expect(found).toEqual(claim(ship!));
  });
});

function claim(ship: string): CloudObject {
  const metadata = { name: ship, namespace: "roadstead-registry" };
  const spec = { holderIdentity: "somebody-else/t-0123456789" };
  const inputs = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
  const type = "kubernetes:coordination.k8s.io/v1:Lease";
  return { scope: EXISTING_SERVER, type, id: `roadstead-registry/${ship}`, urn: "", inputs, outs: inputs };
}

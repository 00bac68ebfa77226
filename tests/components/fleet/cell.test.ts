// What a cell registers, what it refuses, and that nothing more and nothing else is shown than made.
import { Cell, type CellArgs, Registry, Ship } from "../../../components/fleet";
import { ownKey } from "../../../components/fleet/problems";
import { NODE_ROLE, SHIPS_TAINT_KEY, LABEL } from "../../../components/fleet/render/names";
import { renderCell } from "../../../components/fleet/render/cell";
import { renderRegistry } from "../../../components/fleet/render/registry";
import { keyOf, REDACTED, type RenderedResource } from "../../../components/fleet/render/resource";
import { claimKey } from "../../../components/fleet/render/ship";
import { ROLE_LABEL, SHIPS_TAINT } from "../../../components/eks/node-pool";
import { TENANT_LABEL } from "../../../components/eks/render/edge";
import { REDACTED as GRAPH_REDACTED } from "../../../preview/graph";
import { cellContext, lockedShip, TENANT } from "./fixtures";
import { record, SECRET_SIGNATURE, type Registration } from "./record";

const CANARY = "0w3CANARY.boot-key";
const planet = lockedShip("sampel-palnet");
const moon = lockedShip("doznec-sampel-palnet", { class: "moon", parent: "~sampel-palnet" });
const sealed = lockedShip("wicdev-wisryt", { sealed: true, key: null, zone: null });
const removed = {
  id: "ravmel-ropdyl",
  name: "~ravmel-ropdyl",
  cell: "c1",
  zone: "us-west-2a",
  host: null,
  tenant: TENANT,
  diskGiB: 20,
  cleanStopEvent: null,
};
const args = (more: Partial<CellArgs> = {}): CellArgs => ({
  ships: [moon, planet, sealed],
  tombstones: [removed],
  context: cellContext(),
  keys: { [planet.id]: CANARY, [moon.id]: CANARY },
  ...more,
});
const short = (r: { type: string; name: string }) => `${r.type.split(":").pop()} ${r.name}`;
const wait = 30_000;

/** A problem list, or null when the cell was accepted. */
async function refusal(more: Partial<CellArgs>, preview = false): Promise<{ path: string; fix: string }[] | null> {
  let problems: { path: string; fix: string }[] | null = null;
  await record(() => {
    try {
      new Cell("c1", args(more));
    } catch (error) {
      problems = (error as { problems: { path: string; fix: string }[] }).problems;
    }
  }, preview);
  return problems;
}

describe("a cell registers", () => {
  let run: Awaited<ReturnType<typeof record>>;
  const one = (name: string): Registration => run.registrations.find((r) => short(r) === name)!;
  beforeAll(async () => {
    run = await record(() => new Cell("c1", args()));
  }, wait);

  test("exactly these, at most six objects a ship, a removed ship's claim and volume among them", () => {
    const shared = ["ConfigMap", "ServiceAccount", "Role", "RoleBinding"];
    const suffix = ["scripts", "account", "claim-role", "claim-binding"];
    const ship = (id: string, kinds: [string, string][]) => [`Ship ${id}`, ...kinds.map(([k, s]) => `${k} ${id}-${s}`)];
    const claim: [string, string] = ["Lease", "claim"];
    const pier: [string, string] = ["PersistentVolumeClaim", "pier"];
    const runs: [string, string][] = [
      ["StatefulSet", "run"],
      ["Service", "web"],
      ["HTTPRoute", "route"],
    ];
    const key: [string, string] = ["Secret", "key"];
    expect(run.registrations.map(short).sort()).toEqual(
      [
        "Cell c1",
        ...shared.map((kind, i) => `${kind} c1-${TENANT}-${suffix[i]}`),
        ...ship(planet.id, [claim, key, pier, ...runs]),
        ...ship(moon.id, [claim, key, pier, ...runs]),
        ...ship(sealed.id, [claim, pier, ...runs]),
        ...ship(removed.id, [claim, pier]),
      ].sort(),
    );
  });

  test("every child under its parent", () => {
    for (const r of run.registrations) {
      if (r.type === "roadstead:index:Cell") continue;
      const owner = [planet, moon, sealed, removed].find((s) => r.name.startsWith(`${s.id}-`) || r.name === s.id);
      const isShip = r.type === "roadstead:index:Ship";
      expect(`${r.name} in ${r.parent}`).toBe(`${r.name} in ${isShip || !owner ? "c1" : owner.id}`);
    }
  });

  test("claims and volumes protected and kept, and nothing else", () => {
    const kept = run.registrations.filter((r) => r.protect || r.retainOnDelete);
    expect(kept.every((r) => r.protect && r.retainOnDelete)).toBe(true);
    expect(kept.map(short).sort()).toEqual(
      [planet, moon, sealed, removed]
        .flatMap((s) => [`Lease ${s.id}-claim`, `PersistentVolumeClaim ${s.id}-pier`])
        .sort(),
    );
  });

  test("run state as somebody else's to change", () => {
    expect(one(`StatefulSet ${planet.id}-run`).ignoreChanges).toEqual(["spec.replicas"]);
    // A path with a dot inside a key is not found by the provider (tests/engine/api-server.test.ts).
    expect(one(`Lease ${planet.id}-claim`).ignoreChanges).toEqual(["metadata.annotations"]);
  });

  test("the claim before everything, and a parent before its moon", () => {
    for (const s of [planet, moon, sealed]) {
      for (const kind of [`PersistentVolumeClaim ${s.id}-pier`, `StatefulSet ${s.id}-run`, `Service ${s.id}-web`]) {
        expect(one(kind).dependsOn).toContain(`${s.id}-claim`);
      }
    }
    expect(one(`Secret ${planet.id}-key`).dependsOn).toContain(`${planet.id}-claim`);
    expect(one(`StatefulSet ${moon.id}-run`).dependsOn).toContain(`${planet.id}-run`);
    expect(one(`StatefulSet ${planet.id}-run`).dependsOn).not.toContain(`${moon.id}-run`);
  });

  test("the key nowhere but in its Secret, and there as a secret", () => {
    const holding = run.wire.split("\n").filter((line) => line.includes(CANARY));
    expect(holding).toHaveLength(2);
    for (const line of holding) {
      const { kind, stringData } = JSON.parse(line) as { kind: string; stringData: Record<string, unknown> };
      expect(kind).toBe("Secret");
      expect(Object.values(stringData)).not.toContain(CANARY);
      expect(JSON.stringify(stringData)).toContain(SECRET_SIGNATURE);
    }
    expect(JSON.stringify(run.outputs)).not.toContain(CANARY);
  });

  test("nothing as the input of a component", () => {
    for (const r of run.registrations.filter((x) => x.type.startsWith("roadstead:"))) expect(r.inputs).toEqual({});
  });

  test("outputs of every component", () => {
    expect(run.outputs).toHaveLength(5 + 1); // four ships, the cell, and the stack itself
  });

  test(
    "the same set in a preview, where nothing is known yet",
    async () => {
      const preview = await record(() => new Cell("c1", args()), true);
      expect(preview.registrations.map(short).sort()).toEqual(run.registrations.map(short).sort());
    },
    wait,
  );

  test("just what is rendered: inputs, options, parents and what each waits for", () => {
    const rendered = renderCell("c1", {
      ships: args().ships,
      tombstones: [removed],
      context: cellContext(),
      keys: new Set([planet.id, moon.id]),
    });
    const byKey = new Map(rendered.map((r) => [r.key, r]));
    const nameOf = (key: string) => byKey.get(key)!.name;
    const shown = (r: RenderedResource) => ({
      type: r.type,
      name: r.name,
      parent: r.parent === null ? "roadstead-test" : nameOf(r.parent),
      inputs: r.inputs,
      protect: r.options.protect ?? false,
      retainOnDelete: r.options.retainOnDelete ?? false,
      ignoreChanges: r.options.ignoreChanges ?? [],
      dependsOn: r.dependsOn.map(nameOf).sort(),
    });
    const registered = run.registrations.map((r) => ({
      ...r,
      inputs: r.type.endsWith(":Secret") ? { ...r.inputs, stringData: { key: REDACTED } } : r.inputs,
      dependsOn: [...r.dependsOn].sort(),
    }));
    const sorted = <T extends { type: string; name: string }>(all: T[]) =>
      [...all].sort((a, b) => short(a).localeCompare(short(b)));
    expect(sorted(registered)).toEqual(sorted(rendered.map(shown)));
  });
});

describe("a cell refuses", () => {
  test.each<[string, Partial<CellArgs>, string]>([
    ["the same ship twice", { ships: [planet, planet], tombstones: [] }, "ships[1]"],
    ["one name under two ids", { ships: [planet, { ...planet, id: "other", sealed: true }] }, "ships[1]"],
    [
      "a ship whose removal has no clean stop",
      { ships: [lockedShip(removed.id)], keys: { [removed.id]: "k" } },
      "ships[0]",
    ],
    [
      "memory below loom and headroom",
      { ships: [{ ...planet, memoryMiB: 2048, limitMiB: 2048 }] },
      "ships[0].limitMiB",
    ],
    ["a ship of another cell", { ships: [{ ...planet, cell: "c2" }] }, "ships[0].cell"],
    [
      "a stop that is too short",
      { context: cellContext({ terminationGraceSeconds: 30 }) },
      "context.terminationGraceSeconds",
    ],
    [
      "more than fifty ships",
      {
        ships: Array.from({ length: 51 }, (_, i) => lockedShip(`s${i}`, { name: null, sealed: true })),
        tombstones: [],
      },
      "ships",
    ],
    [
      "an image without a digest",
      { context: cellContext({ image: { repository: "tloncorp/vere", digest: null } }) },
      "context.image",
    ],
    ["no image for the claim", { context: cellContext({ kubectl: null }) }, "context.kubectl"],
    ["a ship without its key", { keys: { [moon.id]: "k" } }, "ships[1].key"],
    [
      "a load balancer for Ames where there is none",
      { ships: [{ ...planet, ames: { inbound: "nlb", port: 34544 } }] },
      "ships[0].ames.inbound",
    ],
    [
      "a host port, even where there are load balancers",
      {
        ships: [{ ...planet, ames: { inbound: "hostport", port: 34544 } }],
        context: cellContext({ amesLoadBalancer: { publicCidrs: ["10.0.128.0/24"] } }),
      },
      "ships[0].ames.inbound",
    ],
    [
      "two ships on one port of a load balancer",
      {
        ships: [planet, moon].map((s) => ({ ...s, ames: { inbound: "nlb", port: 34544 } })),
        context: cellContext({ amesLoadBalancer: { publicCidrs: ["10.0.128.0/24"] } }),
      },
      "ships",
    ],
    ["an imported ship that nobody attested", { ships: [{ ...planet, imported: true }] }, "ships[0].imported"],
    // Of the form of a key file, with no key in it.
    [
      "another ship's key",
      { keys: { [planet.id]: "0wE0000.0000c.vo1Nx.ww0Y1", [moon.id]: "k" } },
      'keys["sampel-palnet"]',
    ],
    [
      "the same ship in two tenants",
      { ships: [planet, { ...planet, tenant: "t-9999999999" }], tombstones: [] },
      "ships[1]",
    ],
    ["a ship without a name", { ships: [lockedShip("unnamed-0001", { name: null })], tombstones: [] }, "ships[0].name"],
  ])("%s", async (_what, more, path) => {
    const problems = await refusal(more);
    expect(problems?.map((p) => p.path)).toEqual([path]);
    expect(problems?.[0]?.fix).not.toBe("");
  });

  test("another ship's key that is known only while it runs, when its Secret would be made", () => {
    const own = ownKey(planet.id, planet);
    expect(() => own("0wE0000.0000c.vo1Nx.ww0Y1")).toThrow(/received the key of ~ravmel-ropdyl/);
    expect([own("0w2w.00000.000NZ.w771J.u9~Y1"), own(CANARY)]).toEqual(["0w2w.00000.000NZ.w771J.u9~Y1", CANARY]);
  });

  test("before anything is registered, the cell itself included", async () => {
    const run = await record(() => {
      try {
        new Cell("c1", args({ ships: [planet, planet] }));
      } catch {
        // said by the tests above
      }
    });
    expect(run.registrations).toEqual([]);
  });

  test("everything at once", async () => {
    const problems = await refusal({
      ships: [planet, planet],
      context: cellContext({ kubectl: null, terminationGraceSeconds: 1 }),
    });
    expect(problems).toHaveLength(3);
  });

  test("in a preview only what no later step could put right; the rest is marked so that nothing could run", async () => {
    const open = {
      keys: {},
      context: cellContext({ kubectl: null, image: { repository: "tloncorp/vere", digest: null } }),
    };
    expect(await refusal(open, true)).toBeNull();
    expect(await refusal({ ...open, ships: [planet, planet] }, true)).toHaveLength(1);
    const [statefulSet] = renderCell("c1", { ships: [planet], context: open.context, keys: new Set() }).filter((r) =>
      r.type.endsWith("StatefulSet"),
    );
    expect(JSON.stringify(statefulSet).match(/[^"]+@digest-missing/g)).toEqual([
      "image-missing@digest-missing",
      "image-missing@digest-missing",
      "tloncorp/vere@digest-missing",
    ]);
  });
});

describe("the registry", () => {
  test(
    "is protected, kept, and its policy makes a claim final",
    async () => {
      const run = await record(() => new Registry("prod-registry"));
      expect(run.registrations.map(short).sort()).toEqual([
        "Namespace prod-registry-namespace",
        "Registry prod-registry",
        "ValidatingAdmissionPolicy prod-registry-claims",
        "ValidatingAdmissionPolicyBinding prod-registry-claims-binding",
      ]);
      expect(run.registrations.find((r) => r.type.endsWith(":Namespace"))).toMatchObject({
        protect: true,
        retainOnDelete: true,
      });
      // The claims stay when the stack goes: unguarded they could be deleted, and the ships booted again.
      for (const kept of run.registrations.filter((r) => /:ValidatingAdmissionPolicy/.test(r.type)))
        expect(kept).toMatchObject({ protect: false, retainOnDelete: true });
      const policy = run.registrations.find((r) => r.type.endsWith(":ValidatingAdmissionPolicy"))!;
      expect(policy.inputs.spec).toMatchObject({ failurePolicy: "Fail" });
      expect(JSON.stringify(policy.inputs)).toContain(
        "dyn(object).spec.holderIdentity == dyn(oldObject).spec.holderIdentity",
      );
    },
    wait,
  );

  test("is a namespace alone where the cluster has no such policies", () => {
    expect(renderRegistry("r", { admissionPolicy: false, stack: null }).map((r) => r.type.split(":").pop())).toEqual([
      "Registry",
      "Namespace",
    ]);
  });
});

test("a ship alone takes a ship or a tombstone, never both", async () => {
  const problems: unknown[] = [];
  await record(() => {
    for (const more of [{}, { ship: planet, tombstone: removed }]) {
      try {
        new Ship("s", { ...more, context: cellContext() });
      } catch (error) {
        problems.push((error as { problems: { received: string }[] }).problems[0]!.received);
      }
    }
  });
  expect(problems).toEqual(["neither", "both"]);
});

test("words shared with other parts are the same words", () => {
  expect(NODE_ROLE.key).toBe(ROLE_LABEL);
  expect(SHIPS_TAINT_KEY).toBe(SHIPS_TAINT.key);
  expect(LABEL.tenant).toBe(TENANT_LABEL);
  expect(REDACTED).toBe(GRAPH_REDACTED);
  expect(claimKey("zod")).toBe(keyOf("kubernetes:coordination.k8s.io/v1:Lease", "zod-claim"));
});

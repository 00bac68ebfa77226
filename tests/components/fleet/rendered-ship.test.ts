// One ship as it is rendered: what its pod may do, where it goes, how it is reached.
import { renderCell } from "../../../components/fleet/render/cell";
import { claimKey, workloadKey } from "../../../components/fleet/render/ship";
import { evaluate, fromGraph } from "../../../policies/rules";
import { cellContext, lockedShip, TENANT } from "./fixtures";

const planet = lockedShip("sampel-palnet");
const moon = lockedShip("doznec-sampel-palnet", { class: "moon", parent: "~sampel-palnet" });
const sealed = lockedShip("wicdev-wisryt", { sealed: true, key: null, zone: null });

describe("a rendered ship", () => {
  const rendered = (ship = planet, context = cellContext()) =>
    renderCell("c1", { ships: [ship], context, keys: new Set([ship.id]) });
  const spec = (ship = planet, context = cellContext()) =>
    rendered(ship, context).find((r) => r.key === workloadKey(ship.id))!.inputs.spec as {
      replicas: number;
      template: {
        spec: Record<string, never> & {
          containers: Record<string, never>[];
          initContainers: Record<string, never>[];
          volumes: { name: string }[];
        };
      };
    };

  test("starts parked in a cell that is parked", () => {
    expect([spec().replicas, spec(planet, cellContext({ parked: true })).replicas]).toEqual([1, 0]);
  });

  test("has a token where its claim is read and kept, and never in the container that runs the ship", () => {
    const { containers, initContainers } = spec().template.spec;
    const mounts = (c: Record<string, unknown>) => (c.volumeMounts as { name: string }[]).map((m) => m.name);
    expect(initContainers.map((c) => [c.name, c.restartPolicy, mounts(c).includes("token")])).toEqual([
      ["claim", undefined, true],
      ["keep", "Always", true],
    ]);
    expect(mounts(containers[0]!)).not.toContain("token");
    for (const c of initContainers) {
      expect(mounts(c)).not.toContain("key");
      expect(c.volumeMounts).toContainEqual({ name: "pier", mountPath: "/urbit", readOnly: true });
    }
  });

  test("what runs the ship writes nothing that whoever has a token takes orders from", () => {
    type Mounts = { volumeMounts: { name: string; readOnly?: boolean }[] };
    const { containers, initContainers } = spec().template.spec as unknown as Record<string, Mounts[]>;
    const written = containers![0]!.volumeMounts.filter((m) => !m.readOnly).map((m) => m.name);
    for (const { volumeMounts } of initContainers!) {
      // The pier is looked at only, and what is left in `run` is read as one line.
      const shared = volumeMounts.filter((m) => !m.readOnly && written.includes(m.name)).map((m) => m.name);
      expect(shared).toEqual(["run"]);
    }
    for (const m of [...containers!, ...initContainers!].flatMap((c) => c.volumeMounts))
      expect(spec().template.spec.volumes.map((v) => v.name)).toContain(m.name);
  });

  test("requests as a pod just what was planned for it", () => {
    const { containers, initContainers } = spec().template.spec as unknown as Record<
      string,
      { restartPolicy?: string; resources: { requests: { cpu: string; memory: string } } }[]
    >;
    const running = [...containers!, ...initContainers!.filter((c) => c.restartPolicy === "Always")];
    const sum = (of: "cpu" | "memory") => running.reduce((n, c) => n + parseInt(c.resources.requests[of], 10), 0);
    expect([sum("memory"), sum("cpu")]).toEqual([planet.memoryMiB, planet.cpuMilli]);
  });

  test("a moon's pod reads its parent's claim where it may: in its own cell and its own customer's", () => {
    const other = { ...planet, tenant: "t-9999999999" };
    const parentOf = (ships: (typeof planet)[]) => {
      const all = renderCell("c1", { ships, context: cellContext(), keys: new Set(ships.map((s) => s.id)) });
      const set = all.find((r) => r.key === workloadKey(moon.id))!;
      return /"ROADSTEAD_PARENT","value":"([^"]+)"/.exec(JSON.stringify(set.inputs))?.[1];
    };
    expect([parentOf([moon, planet]), parentOf([moon]), parentOf([moon, other])]).toEqual([
      planet.id,
      undefined,
      undefined,
    ]);
  });

  test("may take its whole start-up budget before it is restarted, and is never killed for being busy", () => {
    const ship = spec().template.spec.containers[0] as unknown as {
      startupProbe: { failureThreshold: number; periodSeconds: number };
      livenessProbe?: unknown;
    };
    expect(ship.startupProbe.failureThreshold * ship.startupProbe.periodSeconds).toBe(14_400);
    expect(ship.livenessProbe).toBeUndefined();
  });

  test("has no route without a domain or a gateway, and none leads to the runtime's own pages", () => {
    const routes = (more: object) => rendered(planet, cellContext(more)).filter((r) => r.type.endsWith("HTTPRoute"));
    expect(routes({ domain: null })).toEqual([]);
    expect(routes({ gateway: null })).toEqual([]);
    const { rules } = routes({})[0]!.inputs.spec as {
      rules: { matches: { path: { type: string; value: string } }[]; backendRefs?: unknown }[];
    };
    const [blocked, ...others] = rules;
    expect([blocked!.backendRefs, others.map((r) => r.backendRefs !== undefined)]).toEqual([undefined, [true]]);
    const hidden = (path: string) =>
      blocked!.matches.some(({ path: { type, value } }) =>
        type === "RegularExpression"
          ? new RegExp(`^${value}$`).test(path)
          : path === value || path.startsWith(`${value}/`),
      );
    for (const path of ["/~_~", "/~_~/healthz", "/%7E_%7e/healthz", "/~%5f~/slog", "//~_~/spin", "/%7e%5F%7E"])
      expect(`${path} ${hidden(path)}`).toBe(`${path} true`);
    for (const path of ["/", "/~/login", "/~_~x", "/apps/~_~/healthz", "/~/channel/1", "/_~_/x"])
      expect(`${path} ${hidden(path)}`).toBe(`${path} false`);
  });

  test("is served at its own name by the one gateway, events for as long as a browser listens, bodies as large as they come", () => {
    const route = rendered().find((r) => r.type.endsWith("HTTPRoute"))!;
    const spec = route.inputs.spec as { parentRefs: object[]; hostnames: string[]; rules: Record<string, unknown>[] };
    expect(spec.parentRefs).toEqual([{ name: "roadstead", namespace: "roadstead-edge" }]);
    expect(spec.hostnames).toEqual([`${planet.id}.fleet.example.com`]);
    // 0s is no limit; nothing here buffers or bounds a body, and no filter could.
    expect(spec.rules.at(-1)).toEqual({
      matches: [{ path: { type: "PathPrefix", value: "/" } }],
      backendRefs: [{ name: planet.id, port: planet.httpPort }],
      timeouts: { request: "0s" },
    });
    const service = rendered().find((r) => r.name === `${planet.id}-web`)!;
    expect(service.inputs.spec).toMatchObject({ type: "ClusterIP", ports: [{ port: planet.httpPort }] });
  });

  test("goes where its volume and its image can be", () => {
    expect(JSON.stringify(spec().template.spec)).toContain(
      '{"key":"topology.kubernetes.io/zone","operator":"In","values":["us-west-2a"]}',
    );
    expect(JSON.stringify(spec().template.spec)).toContain(
      '{"key":"kubernetes.io/arch","operator":"In","values":["amd64"]}',
    );
    expect(
      JSON.stringify(spec(sealed, cellContext({ image: { repository: "r" }, dedicatedNodes: false })).template.spec),
    ).not.toMatch(/affinity|nodeSelector|tolerations/);
  });

  test("runs apart from others where its customer does: in their runtime class, on their nodes, and no other customer's ship", () => {
    const placements = {
      [TENANT]: { runtimeClass: "gvisor", nodeLabels: { pool: "acme" }, nodeTaints: [{ key: "acme", value: "only" }] },
    };
    const apart = spec(planet, cellContext({ placements })).template.spec as Record<string, unknown>;
    expect(apart).toMatchObject({
      runtimeClassName: "gvisor",
      nodeSelector: { "roadstead.dev/role": "ships", pool: "acme" },
      tolerations: [
        { key: "roadstead.dev/ships", operator: "Exists", effect: "NoSchedule" },
        { key: "acme", operator: "Equal", value: "only", effect: "NoSchedule" },
      ],
    });
    const other = spec({ ...planet, tenant: "t-9999999999" }, cellContext({ placements })).template.spec;
    expect(JSON.stringify(other)).not.toMatch(/gvisor|acme/);
  });

  test("has a name that no other ship's objects can take", () => {
    const all = renderCell("c1", {
      ships: [lockedShip("zod"), lockedShip("zod-key"), lockedShip("zod-claim")],
      context: cellContext(),
      keys: new Set(["zod", "zod-key"]),
    });
    expect(new Set(all.map((r) => r.key)).size).toBe(all.length);
  });

  test("is not waited for when it starts, and waited for, longer than it may take, when it ends", () => {
    const workload = rendered(planet).find((r) => r.type.endsWith(":StatefulSet"))!.inputs;
    const { annotations } = workload.metadata as { annotations: Record<string, string> };
    expect(annotations["pulumi.com/skipAwait"]).toBeUndefined();
    expect(annotations["pulumi.com/waitFor"]).toBe("jsonpath={.metadata.uid}");
    const grace = (spec().template.spec as unknown as { terminationGracePeriodSeconds: number })
      .terminationGracePeriodSeconds;
    expect(Number(annotations["pulumi.com/timeoutSeconds"])).toBeGreaterThan(grace);
  });

  test("meets every rule of the policy pack", () => {
    const all = rendered();
    const said = evaluate(fromGraph(all.map((r) => ({ ...r, urn: r.key }))));
    expect(said.filter((j) => j.verdict !== "pass")).toEqual([]);
    expect(new Set(said.map((j) => j.rule)).size).toBeGreaterThanOrEqual(14);
  });
});

test("an imported ship's claim starts at the event its owner attested, so that an older pier is never run", () => {
  const claimed = (attestation: typeof planet.attestation) => {
    const all = renderCell("c1", {
      ships: [{ ...planet, key: null, imported: true, attestation }],
      context: cellContext(),
      keys: new Set(),
    });
    const { annotations } = all.find((r) => r.key === claimKey(planet.id))!.inputs.metadata as {
      annotations: Record<string, string>;
    };
    return [annotations["roadstead.dev/first-boot"], annotations["roadstead.dev/last-event"]];
  };
  expect(claimed({ sourceStoppedForGood: true, atEvent: 4711 })).toEqual(["never", "4711"]);
  expect(claimed({ sourceStoppedForGood: true })).toEqual(["never", "none"]);
});

describe("a ship behind a load balancer for Ames", () => {
  const balanced = { ...planet, ames: { inbound: "nlb" as const, port: 34350 } };
  const context = cellContext({ amesLoadBalancer: { publicCidrs: ["10.0.128.0/24", "10.0.129.0/24"] } });
  const aboard = (ships = [balanced, moon]) =>
    renderCell("c1", { ships, context, keys: new Set(ships.map((s) => s.id)) });
  const ofType = (kind: string) => aboard().filter((r) => r.type.endsWith(`:${kind}`));

  test("has its port on its Service, by which its pod is found, and the same number in vere", () => {
    const ports = (id: string) =>
      (ofType("Service").find((r) => r.name === `${id}-web`)!.inputs.spec as { ports: Record<string, unknown>[] })
        .ports;
    expect(ports(balanced.id)).toEqual([
      { name: "http", port: 8080, targetPort: 8080, protocol: "TCP" },
      { name: "ames", port: 34350, targetPort: 34350, protocol: "UDP" },
    ]);
    expect(ports(moon.id).map((p) => p.name)).toEqual(["http"]);
    const workload = aboard().find((r) => r.key === workloadKey(balanced.id))!;
    expect(JSON.stringify(workload.inputs)).toContain('{"name":"ROADSTEAD_AMES_PORT","value":"34350"}');
  });

  test("is open to peers on its own port alone, and to the load balancer's questions; no other ship is", () => {
    const policies = ofType("NetworkPolicy");
    expect(policies.map((r) => r.name)).toEqual([`${balanced.id}-ames`]);
    const spec = policies[0]!.inputs.spec as {
      podSelector: unknown;
      policyTypes: string[];
      ingress: { from: { ipBlock: { cidr: string; except?: string[] } }[]; ports: unknown[] }[];
    };
    expect(spec.podSelector).toEqual({ matchLabels: { "roadstead.dev/ship": balanced.id } });
    expect(spec.policyTypes).toEqual(["Ingress"]);
    const [peers, questions, ...more] = spec.ingress;
    expect(more).toEqual([]);
    expect(peers!.ports).toEqual([{ protocol: "UDP", port: 34350 }]);
    // Other customers' pods have addresses inside: they are no peers on the Internet.
    expect(peers!.from[0]!.ipBlock.except).toEqual(expect.arrayContaining(["10.0.0.0/8", "100.64.0.0/10"]));
    expect(questions).toEqual({
      from: [{ ipBlock: { cidr: "10.0.128.0/24" } }, { ipBlock: { cidr: "10.0.129.0/24" } }],
      ports: [{ protocol: "TCP", port: 8080 }],
    });
  });

  test("meets every rule of the policy pack", () => {
    const said = evaluate(fromGraph(aboard().map((r) => ({ ...r, urn: r.key }))));
    expect(said.filter((j) => j.verdict !== "pass")).toEqual([]);
  });
});

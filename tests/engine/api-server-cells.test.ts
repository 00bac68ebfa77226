// Two stacks of one fleet, and people who know nothing of each other, on one real Kubernetes API server. What a stack may
// not do there, the server itself refuses.
import * as fs from "node:fs";
import { pierName, REGISTRY_NAMESPACE } from "../../components/fleet/render/names";
import type { KubeObject } from "../cluster/control-plane/api";
import { type Pod, readyShips, SHIP_PODS } from "../cluster/fleet/deploy";
import { type Example, examples, prepare } from "./engine/examples";
import { expectDone, expectUnchanged } from "./engine/expectations";
import { type CloudObject, type JournalEntry, type Outcome, Project } from "./engine/project";
import { onCluster, ownObjects, type RealCluster, realCluster } from "./engine/real-cluster";

/** What a ship is made of beside its claim. */
const OF_A_SHIP = /:(Secret|PersistentVolumeClaim|StatefulSet|Service)$/;

let cluster: RealCluster;
let fleet: Example;
const projects: Project[] = [];
let ours: Project;
let stacks: string[];

beforeAll(async () => {
  cluster = await realCluster("retained");
  // Eleven ships are a pilot cell and a second stack.
  const { requirements, ships, secrets } = examples.eks;
  const { requirements: there } = examples["existing-cluster"];
  const { platform, existing } = there as Record<string, unknown>;
  fleet = onCluster(
    { requirements: { ...requirements, regions: undefined, platform, existing }, ships, secrets },
    cluster,
  );
  ours = project();
  stacks = await prepare(ours, fleet);
});
afterAll(async () => {
  const left = projects.flatMap((p) => p.left());
  for (const p of projects) p.remove();
  await cluster?.stop();
  expect(left).toEqual([]);
});

function project(): Project {
  const made = new Project();
  projects.push(made);
  return made;
}

const journalOf = (of: Project): JournalEntry[] => of.cloud.journal().filter((e) => e.urn !== "");
/** A quota's own figures move with what is only tried; everything else stands as it was written. */
const identity = ({ kind, metadata: m }: KubeObject): string =>
  kind === "ResourceQuota" ? m.uid! : `${m.uid} ${m.resourceVersion}`;
const identities = async (): Promise<Record<string, string>> =>
  Object.fromEntries((await ownObjects(cluster.api)).map((o) => [idOf(o), identity(o)]));
const idOf = ({ kind, metadata: m }: KubeObject): string => `${kind} ${m.namespace ? `${m.namespace}/` : ""}${m.name}`;

describe("a fleet of two cells", () => {
  test("is made cell by cell, each thing once, and every ship's pod becomes ready", async () => {
    expect(stacks).toHaveLength(2);
    for (const stack of stacks) expectDone(await ours.up(stack));
    const made = journalOf(ours);
    expect(made.filter((e) => e.op !== "create")).toEqual([]);
    expect(new Set(made.map((e) => e.urn)).size).toBe(made.length);
    await readyShips(cluster.api, fleet.ships.length, 60_000);
  });

  test("changes nothing when it is brought up again or refreshed", async () => {
    const before = await identities();
    for (const stack of stacks) {
      expectUnchanged(await ours.up(stack));
      expectUnchanged(await ours.refresh(stack));
    }
    expect(await identities()).toEqual(before);
  });
});

describe("somebody else declares the same ships", () => {
  test("a second cell on the same platform: the server answers AlreadyExists to every claim, and no ship gets anything", async () => {
    // A checkout without the locks, and the list of ships in another order: its second cell has ships of our first.
    const theirs = project();
    const named = (fleet.requirements.ships as { named: object[] }).named;
    const ships = { ...(fleet.requirements.ships as object), named: [...named].reverse() };
    await prepare(theirs, { ...fleet, requirements: { ...fleet.requirements, ships } });
    const platform = `backend/.pulumi/stacks/roadstead/${stacks[0]}.json`;
    fs.copyFileSync(ours.path(platform), theirs.path(platform));
    const before = await identities();
    const refused = await theirs.up(stacks[1]!, ["--continue-on-error"]);
    expect(refused.code).not.toBe(0);
    const [declared, made] = [claimsIn(refused), journalOf(theirs).filter((e) => e.op === "create")];
    expect(declared.length).toBeGreaterThanOrEqual(5);
    for (const ship of declared)
      expect(refused.output).toContain(`leases.coordination.k8s.io "${ship}" already exists`);
    expect(made.filter((e) => OF_A_SHIP.test(e.type))).toEqual([]);
    expect(await identities()).toMatchObject(before);
    expect(await cluster.api.list<Pod>(SHIP_PODS)).toHaveLength(fleet.ships.length);
  });

  test("another environment in the same cluster: it stops at the registry, before anything of a ship", async () => {
    const staging = project();
    const [stack] = await staging.record({ ...fleet.requirements, environment: "staging" }, [], "staging");
    await staging.secrets(stack!, fleet.secrets);
    const before = await identities();
    const refused = await staging.up(stack!, ["--continue-on-error"]);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain(`namespaces "${REGISTRY_NAMESPACE}" already exists`);
    const made = journalOf(staging).filter((e) => e.op === "create");
    expect(made.filter((e) => OF_A_SHIP.test(e.type) || /:Lease$/.test(e.type)).map(shipOf)).toEqual([]);
    expect(await identities()).toMatchObject(before);
  });
});

describe("the fleet goes", () => {
  test("claims, piers and their namespaces are left, whole", async () => {
    for (const stack of [...stacks].reverse()) {
      expect((await ours.destroy(stack)).code).not.toBe(0);
      await ours.must(["state", "unprotect", "--all", "--yes", "--stack", stack]);
      expectDone(await ours.destroy(stack));
    }
    const left = await ownObjects(cluster.api);
    expect(left.filter((o) => o.metadata.deletionTimestamp !== undefined)).toEqual([]);
    const of = (kind: string): string[] =>
      left
        .filter((o) => o.kind === kind)
        .map((o) => o.metadata.name)
        .sort();
    expect(of("Lease")).toEqual([...fleet.ships].sort());
    expect(of("PersistentVolumeClaim")).toEqual(fleet.ships.map(pierName).sort());
    expect(of("StatefulSet")).toEqual([]);
  });
});

/** The ships whose claims an `up` tried to make. */
const claimsIn = ({ output }: Outcome): string[] => [
  ...new Set([...output.matchAll(/:Lease (\S+)-claim (?:creating|\*\*creating)/g)].map(([, ship]) => ship!)),
];

const shipOf = ({ type, id }: Pick<CloudObject, "type" | "id">): string => `${type} ${id}`;

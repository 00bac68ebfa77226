// A further cell as its stack program would register it, by the same renderers its components use and without running
// it: a resource under the mock runtime costs twenty times as much. A test runs both ways and compares.
import { ENVIRONMENT_TYPE, environmentInputs } from "../components/environment";
import { amesLoadBalancer, AMES_LOAD_BALANCER_TYPE, amesShips } from "../components/eks/render/ames";
import { renderCell } from "../components/fleet/render/cell";
import type { RenderedResource } from "../components/fleet/render/resource";
import { plannedHost, plannedSsh } from "../components/host/render/plan";
import {
  isGivenRef,
  isOutputRef,
  isSecretRef,
  type Planned,
  type PlannedResource,
  type SecretRef,
} from "../components/host/render/resources";
import { renderTenant, tenantPlan } from "../components/isolation/render/tenant";
import { renderProbes } from "../components/monitoring/render/probes";
import { NAMESPACE as MONITORING } from "../components/monitoring/render/values";
import { architectureDigest } from "../planner/architecture/digest";
import type { Architecture, LockedHost } from "../planner/architecture/schema";
import {
  amesName,
  cellContext,
  environmentArgs,
  cellName,
  GUARD_SAYS,
  guardName,
  monitoredShips,
  probesName,
  PROVIDER_NAME,
  shipsWithKey,
  tenantsMade,
} from "../stacks/cell-plan";
import { stackTags } from "../stacks/tags";
import { REDACTED, type GraphResource } from "./graph";
import type { StackToPreview } from "./result";
import { ORGANIZATION } from "./runtime";
import { STACK_TYPE } from "./tree";
import { urnOf } from "./urn";

/** Everything a cell stack owns, in the order its program registers it. */
export function renderCellStack(stack: StackToPreview, project: string): GraphResource[] {
  const { name, architecture } = stack;
  const drawing = new Drawing({ project, stack: name });
  drawing.add({ type: STACK_TYPE, name: `${project}-${name}`, custom: false, parent: null });
  const root = drawing.add({
    type: ENVIRONMENT_TYPE,
    name: architecture.environment,
    custom: false,
    parent: null,
    inputs: environmentInputs(environmentArgs(architecture, digestsOf(stack))),
  });
  drawing.root = root.urn;
  if (architecture.cluster === null) drawHosts(drawing, stack);
  else drawCluster(drawing, architecture, project);
  drawGuard(drawing, name);
  return drawing.resources;
}

/** It waits for everything the stack owns; what it only refers to has another root. */
function drawGuard(drawing: Drawing, stack: string): void {
  drawing.add({
    type: "pulumi:index:Stash",
    name: guardName(stack),
    custom: true,
    inputs: { input: GUARD_SAYS },
    options: { protect: true },
    dependsOn: drawing.resources
      .filter((r) => r.custom && r.parent !== null)
      .map((r) => r.urn)
      .sort(),
  });
}

const NO_DIGEST = `sha256:${"0".repeat(64)}`;

/** The digests the root of a stack shows. */
export function digestsOf(stack: StackToPreview): { requirementsDigest: string; architectureDigest: string } {
  return {
    requirementsDigest: stack.requirementsDigest ?? NO_DIGEST,
    architectureDigest: stack.architectureDigest ?? architectureDigest(stack.architecture),
  };
}

function drawCluster(drawing: Drawing, architecture: Architecture, project: string): void {
  const platform = drawPlatform(drawing, architecture, project);
  const provider = drawing.add({
    type: "pulumi:providers:kubernetes",
    name: PROVIDER_NAME,
    custom: true,
    // As the SDK hands them over: a provider's inputs are text. What the platform answers is not known offline.
    inputs: {
      clusterIdentifier: null,
      enableServerSideApply: "true",
      kubeconfig: null,
      upsertExistingObjects: "false",
    },
    dependsOn: [platform.urn],
  });
  const tenants = tenantsMade(architecture).flatMap((args) =>
    drawing.addRendered(renderTenant(args.id, tenantPlan(args)), provider.urn),
  );
  const housed = tenants.filter((r) => r.custom).map((r) => r.urn);
  const cell = drawing.addRendered(
    renderCell(cellName(architecture), {
      ships: architecture.ships,
      tombstones: architecture.tombstones,
      context: cellContext(architecture),
      keys: new Set(shipsWithKey(architecture).map((s) => s.id)),
    }),
    provider.urn,
    housed.sort(),
  );
  drawAmes(drawing, architecture, { platform, provider, cell });
  drawProbes(drawing, architecture, provider.urn);
}

/** The load balancer of those of the cell's ships that asked for one. */
function drawAmes(
  drawing: Drawing,
  architecture: Architecture,
  { platform, provider, cell }: { platform: GraphResource; provider: GraphResource; cell: GraphResource[] },
): void {
  const ships = amesShips(architecture.ships);
  if (ships.length === 0) return;
  const name = amesName(architecture);
  const after = cell.filter((r) => r.custom).map((r) => r.urn);
  const self = drawing.add({ type: AMES_LOAD_BALANCER_TYPE, name, custom: false, dependsOn: after.sort() });
  const place = { region: architecture.region, tags: stackTags(architecture) };
  drawPlanned(drawing, amesLoadBalancer(name, ships, place), { parent: self, platform, provider });
}

/** The reference by which a cell reads its platform. */
function drawPlatform(drawing: Drawing, architecture: Architecture, project: string): GraphResource {
  const name = `${ORGANIZATION}/${project}/${architecture.platformStack}`;
  return drawing.add({
    type: "pulumi:pulumi:StackReference",
    name: "platform",
    custom: true,
    parent: null,
    inputs: { name, id: name },
  });
}

function drawProbes(drawing: Drawing, architecture: Architecture, provider: string): void {
  const { domain } = architecture.dns;
  if (!architecture.monitoring.enabled || domain === null) return;
  const name = probesName(architecture);
  const self = drawing.add({ type: "roadstead:index:ShipProbes", name, custom: false });
  const ships = monitoredShips(architecture).map((s) => ({ ...s, tenant: s.tenant ?? s.namespace }));
  for (const { key, manifest } of renderProbes({ cell: architecture.cell, domain, namespace: MONITORING, ships })) {
    const { apiVersion, kind } = manifest;
    drawing.add({
      type: `kubernetes:${apiVersion}:${kind}`,
      name: `${name}-${key}`,
      custom: true,
      parent: self.urn,
      inputs: manifest as unknown as Record<string, unknown>,
      provider,
    });
  }
}

const HOST_TYPE = {
  vps: "roadstead:index:VpsPlanet",
  groundseg: "roadstead:index:GroundSegHost",
  "bare-metal": "roadstead:index:BareMetalHost",
} as const;

function drawHosts(drawing: Drawing, { architecture, hostKeys }: StackToPreview): void {
  // Hosts of a provider share keys and network, which the platform's stack made.
  const platform = architecture.provider === "own" ? null : drawPlatform(drawing, architecture, drawing.where.project);
  for (const host of architecture.hosts)
    drawHost(drawing, host, architecture, { platform, recognised: hostKeys?.[host.name] !== undefined });
}

function drawHost(
  drawing: Drawing,
  host: LockedHost,
  architecture: Architecture,
  { platform, recognised }: { platform: GraphResource | null; recognised: boolean },
): void {
  const self = drawing.add({ type: HOST_TYPE[host.kind], name: host.name, custom: false });
  const planned = plannedHost(host, architecture, { allowMissing: true, shared: platform !== null });
  const ssh = recognised ? plannedSsh(host, architecture, planned, { allowMissing: true }) : [];
  drawPlanned(drawing, [...(planned?.resources ?? []), ...ssh], { parent: self, platform, provider: null });
}

/** Resources with outputs of each other. `provider` is that of the Kubernetes objects among them. */
function drawPlanned(
  drawing: Drawing,
  planned: readonly PlannedResource[],
  {
    parent,
    platform,
    provider,
  }: { parent: GraphResource; platform: GraphResource | null; provider: GraphResource | null },
): void {
  const urns = new Map<string, string>();
  for (const resource of planned) {
    const made = drawing.add({
      type: resource.type,
      name: resource.name,
      custom: true,
      parent: parent.urn,
      inputs: known(resource.inputs, platform) as Record<string, unknown>,
      options: shownOptions(resource.options),
      dependsOn: waitsFor(resource, urns, platform),
      provider: resource.type.startsWith("kubernetes:") ? provider!.urn : null,
    });
    urns.set(resource.key, made.urn);
  }
}

/** A graph says what is kept and how things go, not what replaces them or which answers are secret. */
function shownOptions({
  replaceOnChanges: _,
  additionalSecretOutputs: __,
  ...shown
}: PlannedResource["options"]): GraphResource["options"] {
  return shown;
}

/** Inputs with other resources' outputs left open: they are known after deployment. */
function known(value: Planned, platform: GraphResource | null): unknown {
  if (value === undefined || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((inner) => known(inner, platform));
  if (isOutputRef(value)) return null;
  if (isSecretRef(value)) return redactedRef(value);
  if (isGivenRef(value)) return platform === null ? undefined : null;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const plain = known(inner, platform);
    if (plain !== undefined) result[key] = plain;
  }
  return result;
}

const redactedRef = ({ of, keys }: SecretRef): unknown =>
  of ? null : keys ? Object.fromEntries(keys.map((key) => [key, REDACTED])) : REDACTED;

function waitsFor(resource: PlannedResource, urns: Map<string, string>, platform: GraphResource | null): string[] {
  const found = new Set(resource.dependsOn.map((key) => urns.get(key)!));
  const walk = (value: Planned): void => {
    if (value === undefined || typeof value !== "object") return;
    if (Array.isArray(value)) value.forEach(walk);
    else if (isOutputRef(value)) found.add(urns.get(value.ref)!);
    else if (isSecretRef(value)) walk(value.of);
    else if (isGivenRef(value)) {
      if (platform !== null) found.add(platform.urn);
    } else Object.values(value).forEach(walk);
  };
  walk(resource.inputs);
  return [...found].sort();
}

interface Part {
  type: string;
  name: string;
  custom: boolean;
  parent?: string | null;
  inputs?: Record<string, unknown>;
  options?: GraphResource["options"];
  dependsOn?: string[];
  provider?: string | null;
}

/** The resources of one stack, as they are drawn. */
class Drawing {
  readonly resources: GraphResource[] = [];
  /** URN of the stack's root component: everything hangs under it unless it says otherwise. */
  root: string | null = null;

  constructor(readonly where: { project: string; stack: string }) {}

  add({
    type,
    name,
    custom,
    parent = this.root,
    inputs = {},
    options = {},
    dependsOn = [],
    provider = null,
  }: Part): GraphResource {
    const resource: GraphResource = {
      stack: this.where.stack,
      urn: urnOf(this.where, parent, type, name),
      type,
      name,
      parent,
      custom,
      inputs,
      options,
      dependsOn,
      provider,
    };
    this.resources.push(resource);
    return resource;
  }

  /** One rendering, its root under the stack. `after` is what its root waits for. */
  addRendered(rendered: readonly RenderedResource[], provider: string, after: string[] = []): GraphResource[] {
    const urns = new Map<string, string>();
    return rendered.map((r) => {
      const made = this.add({
        type: r.type,
        name: r.name,
        custom: r.custom,
        parent: r.parent === null ? undefined : urns.get(r.parent)!,
        inputs: r.inputs,
        options: r.options,
        dependsOn: r.parent === null ? after : r.dependsOn.map((key) => urns.get(key)!).sort(),
        provider: r.custom ? provider : null,
      });
      urns.set(r.key, made.urn);
      return made;
    });
  }
}

// One ship as at most six objects: claim, key, pier, workload, service, route; and behind a load balancer for Ames a network
// policy. Pure: a preview shows exactly these.
import type { LockedShip, Tombstone } from "../../../planner/architecture/schema";
import { internetExcept } from "../../isolation/render/cidr";
import type { CellContext } from "./context";
import {
  ANNOTATION,
  claimHolder,
  claimRoleName,
  keyName,
  LABEL,
  OWN,
  pierName,
  REGISTRY_NAMESPACE,
  sharedName,
} from "./names";
import { SCRIPTS, scriptsName } from "./scripts";
import { component, keyOf, KUBERNETES, kubernetesObject, REDACTED, type RenderedResource } from "./resource";
import { shipLabels, shipSelector, shipWorkload } from "./workload";

export const SHIP_TYPE = "roadstead:index:Ship";

/** What claim and pier need: a removed ship keeps both. */
type Kept = Pick<LockedShip & Tombstone, "id" | "tenant" | "cell" | "zone" | "diskGiB">;

export const claimKey = (id: string): string => keyOf(KUBERNETES.Lease, `${id}-claim`);
export const workloadKey = (id: string): string => keyOf(KUBERNETES.StatefulSet, `${id}-run`);

export interface ShipRendering {
  /** Key of the component the ship hangs under; null when it stands alone. */
  parent?: string | null;
  /** Whether a boot key is at hand. Its value never gets here. */
  hasKey: boolean;
  /** Keys the workload waits for besides its own objects: what the cell shares, a moon's parent. */
  after?: string[];
  /** Id of a moon's parent whose claim the moon's pod may read: its first boot waits for the parent's. */
  parentShip?: string;
}

/** A ship that runs: the component and its objects, in the order they are made. */
export function renderShip(ship: LockedShip, context: CellContext, more: ShipRendering): RenderedResource[] {
  const self = component(SHIP_TYPE, ship.id, more.parent ?? null);
  const claim = renderClaim(ship, context, self.key, ship.attestation?.atEvent);
  const pier = renderPier(ship, context, self.key);
  const key = more.hasKey && !ship.sealed ? renderKey(ship, self.key) : null;
  const workload = kubernetesObject(
    KUBERNETES.StatefulSet,
    `${ship.id}-run`,
    self.key,
    shipWorkload(ship, context, more.parentShip),
    {
      // Run state belongs to the rollout: an update must not start a stopped ship or stop a running one.
      options: { ignoreChanges: ["spec.replicas"] },
      dependsOn: [claim.key, pier.key, ...(key ? [key.key] : []), ...(more.after ?? [])],
    },
  );
  const service = renderService(ship, self.key);
  const route = renderRoute(ship, context, self.key, service.key);
  const peers = renderPeers(ship, context, self.key);
  return [
    self,
    claim,
    ...(key ? [key] : []),
    pier,
    workload,
    service,
    ...(route ? [route] : []),
    ...(peers ? [peers] : []),
  ];
}

/** A removed ship: what ran is gone, its claim blocks the name, its volume is kept. */
export function renderTombstone(
  tombstone: Tombstone,
  context: CellContext,
  parent: string | null = null,
): RenderedResource[] {
  const self = component(SHIP_TYPE, tombstone.id, parent);
  return [self, renderClaim(tombstone, context, self.key), renderPier(tombstone, context, self.key)];
}

/** `since`: the event an imported ship was stopped at, where it ran before. */
function renderClaim(ship: Kept, context: CellContext, parent: string, since?: number): RenderedResource {
  return kubernetesObject(
    KUBERNETES.Lease,
    `${ship.id}-claim`,
    parent,
    {
      metadata: {
        name: ship.id,
        namespace: REGISTRY_NAMESPACE,
        labels: { ...OWN, [LABEL.ship]: ship.id, [LABEL.cell]: ship.cell, [LABEL.tenant]: ship.tenant },
        annotations: {
          [ANNOTATION.firstBoot]: "never",
          [ANNOTATION.lastEvent]: since === undefined ? "none" : String(since),
        },
      },
      spec: { holderIdentity: claimHolder(context.stack, ship.tenant) },
    },
    {
      options: {
        // A claim that vanishes lets a second copy in: it is neither replaced nor deleted, whatever happens to the stack.
        protect: true,
        retainOnDelete: true,
        // Run state: the pod and the rollout move it on, and writing `never` again would allow a second first boot. All
        // annotations at once: the provider looks ignored paths up cut at every dot, and the keys have some. It would find
        // none of them, send the first value again with any other change, and be refused.
        ignoreChanges: ["metadata.annotations"],
      },
    },
  );
}

function renderKey(ship: LockedShip, parent: string): RenderedResource {
  return kubernetesObject(
    KUBERNETES.Secret,
    `${ship.id}-key`,
    parent,
    {
      metadata: { name: keyName(ship.id), namespace: ship.tenant, labels: shipLabels(ship) },
      type: "Opaque",
      stringData: { key: REDACTED },
    },
    // Not before the claim is held: a key in a namespace that lost the race could be used there.
    { dependsOn: [claimKey(ship.id)] },
  );
}

function renderPier(ship: Kept, context: CellContext, parent: string): RenderedResource {
  return kubernetesObject(
    KUBERNETES.PersistentVolumeClaim,
    `${ship.id}-pier`,
    parent,
    {
      metadata: {
        name: pierName(ship.id),
        namespace: ship.tenant,
        labels: { ...OWN, [LABEL.ship]: ship.id, [LABEL.cell]: ship.cell, [LABEL.tenant]: ship.tenant },
        // Bound only when a pod first asks for it, so that it is made in the pod's zone: nothing to wait for.
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        // One pod in the whole cluster, not one node: two pods on one node would be two copies.
        accessModes: ["ReadWriteOncePod"],
        storageClassName: context.storageClass,
        volumeMode: "Filesystem",
        resources: { requests: { storage: `${ship.diskGiB}Gi` } },
      },
    },
    {
      // The pier is the ship: lost, it must be reset by its owner's wallet; an older one must never run again.
      options: { protect: true, retainOnDelete: true },
      dependsOn: [claimKey(ship.id)],
    },
  );
}

function renderService(ship: LockedShip, parent: string): RenderedResource {
  return kubernetesObject(
    KUBERNETES.Service,
    `${ship.id}-web`,
    parent,
    {
      metadata: {
        name: ship.id,
        namespace: ship.tenant,
        labels: shipLabels(ship),
        // A parked ship has no endpoints, and that is no failure.
        annotations: { "pulumi.com/skipAwait": "true" },
      },
      spec: {
        type: "ClusterIP",
        selector: shipSelector(ship.id),
        // The VPC CNI enforces network policies only where Service port and container port are the same.
        ports: [
          { name: "http", port: ship.httpPort, targetPort: ship.httpPort, protocol: "TCP" },
          // By it the cell's load balancer knows the pod.
          ...(ship.ames.inbound === "nlb"
            ? [{ name: "ames", port: ship.ames.port, targetPort: ship.ames.port, protocol: "UDP" }]
            : []),
        ],
      },
    },
    { dependsOn: [claimKey(ship.id)] },
  );
}

/** What opens a ship behind a load balancer to its peers, on its own port and no other ship's. */
function renderPeers(ship: LockedShip, context: CellContext, parent: string): RenderedResource | null {
  const { amesLoadBalancer: balancer = null } = context;
  if (ship.ames.inbound !== "nlb" || balancer === null) return null;
  return kubernetesObject(
    KUBERNETES.NetworkPolicy,
    `${ship.id}-ames`,
    parent,
    {
      metadata: { name: `ames-${ship.id}`, namespace: ship.tenant, labels: shipLabels(ship) },
      spec: {
        podSelector: { matchLabels: shipSelector(ship.id) },
        policyTypes: ["Ingress"],
        ingress: [
          // The load balancer keeps the peers' own addresses.
          {
            from: [{ ipBlock: { cidr: "0.0.0.0/0", except: internetExcept(balancer.publicCidrs) } }],
            ports: [{ protocol: "UDP", port: ship.ames.port }],
          },
          // Its health checks come from its own. No pod has an address there: pods live in private subnets.
          {
            from: balancer.publicCidrs.map((cidr) => ({ ipBlock: { cidr } })),
            ports: [{ protocol: "TCP", port: ship.httpPort }],
          },
        ],
      },
    },
    { dependsOn: [claimKey(ship.id)] },
  );
}

/** Health, log and spinner of the runtime itself. */
const RUNTIME_PAGES = "/~_~";

function renderRoute(
  ship: LockedShip,
  context: CellContext,
  parent: string,
  serviceKey: string,
): RenderedResource | null {
  if (context.domain === null || context.gateway === null) return null;
  const { name, namespace } = context.gateway;
  return kubernetesObject(
    KUBERNETES.HTTPRoute,
    `${ship.id}-route`,
    parent,
    {
      metadata: { name: ship.id, namespace: ship.tenant, labels: shipLabels(ship) },
      spec: {
        parentRefs: [{ name, namespace }],
        hostnames: [`${ship.id}.${context.domain}`],
        rules: [
          // The runtime's own pages are for probes inside the cluster: no backend, so they are answered with an error. By
          // every spelling, since what is behind may decode a path before it looks at it.
          {
            matches: [
              { path: { type: "PathPrefix", value: RUNTIME_PAGES } },
              { path: { type: "RegularExpression", value: "/+(~|%7[Ee])(_|%5[Ff])(~|%7[Ee])(/.*)?" } },
            ],
          },
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            backendRefs: [{ name: ship.id, port: ship.httpPort }],
            // Eyre's event streams stay open for as long as a browser does.
            timeouts: { request: "0s" },
          },
        ],
      },
    },
    { dependsOn: [serviceKey] },
  );
}

/** What the ships of one cell share in one tenant's namespace: scripts, and the identity that may read their claims. */
export function renderShared(
  tenant: string,
  ships: readonly Pick<LockedShip, "id">[],
  context: CellContext,
  parent: string | null,
): RenderedResource[] {
  const { cell } = context;
  const base = `${cell}-${tenant}`;
  const labels = { ...OWN, [LABEL.cell]: cell, [LABEL.tenant]: tenant };
  const account = { name: sharedName(cell), namespace: tenant };
  const role = claimRoleName(tenant, cell);
  const roleKey = keyOf(KUBERNETES.Role, `${base}-claim-role`);
  const accountKey = keyOf(KUBERNETES.ServiceAccount, `${base}-account`);
  return [
    kubernetesObject(KUBERNETES.ConfigMap, `${base}-scripts`, parent, {
      metadata: { name: scriptsName(cell), namespace: tenant, labels },
      // Nobody changes what is about to be run; with another content it is another object.
      immutable: true,
      data: { ...SCRIPTS },
    }),
    kubernetesObject(KUBERNETES.ServiceAccount, `${base}-account`, parent, {
      metadata: { ...account, labels },
      automountServiceAccountToken: false,
    }),
    kubernetesObject(KUBERNETES.Role, `${base}-claim-role`, parent, {
      metadata: { name: role, namespace: REGISTRY_NAMESPACE, labels },
      rules: [
        {
          apiGroups: ["coordination.k8s.io"],
          resources: ["leases"],
          resourceNames: ships.map((s) => s.id).sort(),
          verbs: ["get", "patch"],
        },
      ],
    }),
    kubernetesObject(
      KUBERNETES.RoleBinding,
      `${base}-claim-binding`,
      parent,
      {
        metadata: { name: role, namespace: REGISTRY_NAMESPACE, labels },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role },
        subjects: [{ kind: "ServiceAccount", name: account.name, namespace: account.namespace }],
      },
      { dependsOn: [roleKey, accountKey] },
    ),
  ];
}

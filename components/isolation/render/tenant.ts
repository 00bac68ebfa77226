// A customer's namespace as plain data: who may talk to it, how much it may take, what the customer may see.
import { LOOM_HEADROOM_MIB, loomMiB } from "../../../planner/predicates";
import { ALLOWED, heldBy, LABEL, OWN, SHIP_HTTP_PORT } from "../../fleet/render/names";
import { component, keyOf, KUBERNETES, kubernetesObject, type RenderedResource } from "../../fleet/render/resource";
import type { TenantArgs } from "../tenant";
import { internetExcept } from "./cidr";

export const TENANT_TYPE = "roadstead:index:Tenant";

export interface TenantQuota {
  /** Ships, and so pods, StatefulSets and twice as many volumes: a removed ship keeps its own. */
  ships: number;
  /** Sum of memory requests. */
  memoryMiB: number;
  /** Sum of processor requests. */
  cpuMilli: number;
  /** Sum of volumes. */
  storageGiB: number;
}

/** What a tenant gets when nothing was planned for it. */
export const DEFAULT_QUOTA: TenantQuota = { ships: 10, memoryMiB: 20 * 1024, cpuMilli: 10_000, storageGiB: 200 };

/** Ports ships of a tenant serve HTTP on: in a cluster all share one. */
export const DEFAULT_HTTP_PORTS: readonly number[] = [SHIP_HTTP_PORT];

export interface ApiServerAddress {
  /** Networks the Kubernetes API answers from: its service address and its endpoints. */
  cidrs: string[];
  /** Ports it answers on: 443 for the service, often 6443 for the endpoints. */
  ports: number[];
  /**
   * The plugin is Cilium, and may take the API server for a node: no network of a NetworkPolicy stands for it then
   * (cilium#20550; docs.digitalocean.com/products/kubernetes/details/limits), so it is allowed by Cilium's own name for it.
   */
  asCiliumEntity?: boolean;
}

export interface TenantPlan {
  id: string;
  /** The stack that makes it. */
  stack: string | null;
  quota: TenantQuota;
  podSecurity: "restricted" | "baseline";
  /** Minor version the pod security standard is pinned to, such as 1.34; null where unknown. */
  kubernetes: string | null;
  networkPolicies: boolean;
  /** Networks of the platform: VPC, nodes, pods, services. Unreachable from ships, whatever else is. */
  internalCidrs: readonly string[];
  apiServer: ApiServerAddress;
  /** Namespace whose pods may reach ships by HTTP; null without an edge. */
  edgeNamespace: string | null;
  /** Namespace whose pods may probe ships; null without monitoring. */
  monitoringNamespace: string | null;
  /** Ports ships serve HTTP on. */
  httpPorts: readonly number[];
  /** The largest loom among the tenant's ships. */
  loom: number;
  /** Image repositories its pods may run, by digest; null: any. */
  images: readonly string[] | null;
  /** Runtime class its pods run in; null: the cluster's own, and no other may be named. */
  runtimeClass: string | null;
  /** Storage class of its volumes; null: any. */
  storageClass: string | null;
}

/** The arguments with their defaults, as the renderer takes them. */
export function tenantPlan(args: TenantArgs): TenantPlan {
  return {
    id: args.id,
    stack: args.stack ?? null,
    quota: args.quota ?? DEFAULT_QUOTA,
    podSecurity: args.podSecurity ?? "restricted",
    kubernetes: args.kubernetes ?? null,
    networkPolicies: args.networkPolicies ?? true,
    internalCidrs: args.internalCidrs ?? [],
    apiServer: args.apiServer,
    edgeNamespace: args.edgeNamespace ?? null,
    monitoringNamespace: args.monitoringNamespace ?? null,
    httpPorts: args.httpPorts ?? DEFAULT_HTTP_PORTS,
    loom: args.loom ?? 31,
    images: args.images ?? null,
    runtimeClass: args.runtimeClass ?? null,
    storageClass: args.storageClass ?? null,
  };
}

/** RBAC group a customer's people are mapped to. */
export const customerGroup = (tenant: string): string => `roadstead:${tenant}:read`;

export function renderTenant(name: string, plan: TenantPlan): RenderedResource[] {
  const self = component(TENANT_TYPE, name, null);
  const namespace = kubernetesObject(
    KUBERNETES.Namespace,
    `${name}-namespace`,
    self.key,
    {
      metadata: {
        name: plan.id,
        labels: { ...OWN, [LABEL.tenant]: plan.id, ...podSecurityLabels(plan) },
        annotations: { ...allowances(plan), ...heldBy(plan.stack) },
      },
    },
    // Deleting a namespace deletes every ship in it, and the claims on volumes that are kept when their ships go.
    { options: { protect: true, retainOnDelete: true } },
  );
  const inside = (
    type: Parameters<typeof kubernetesObject>[0],
    suffix: string,
    objectName: string,
    body: Record<string, unknown>,
    dependsOn: string[] = [],
  ) =>
    kubernetesObject(
      type,
      `${name}-${suffix}`,
      self.key,
      {
        metadata: { name: objectName, namespace: plan.id, labels: { ...OWN, [LABEL.tenant]: plan.id } },
        ...body,
      },
      { dependsOn: [namespace.key, ...dependsOn] },
    );
  const policies = plan.networkPolicies
    ? [
        ...networkPolicies(plan).map((p) => inside(KUBERNETES.NetworkPolicy, p.name, p.name, { spec: p.spec })),
        ...(plan.apiServer.asCiliumEntity
          ? [inside(KUBERNETES.CiliumNetworkPolicy, "allow-api-entity", "allow-api-entity", { spec: apiEntity(plan) })]
          : []),
      ]
    : [];
  return [
    self,
    namespace,
    ...policies,
    inside(KUBERNETES.ResourceQuota, "quota", "roadstead", { spec: { hard: quota(plan.quota) } }),
    inside(KUBERNETES.LimitRange, "limits", "roadstead", { spec: { limits: [limits(plan.loom)] } }),
    inside(KUBERNETES.Role, "reader", "customer-read", { rules: CUSTOMER_RULES }),
    inside(
      KUBERNETES.RoleBinding,
      "reader-binding",
      "customer-read",
      {
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "customer-read" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: customerGroup(plan.id) }],
      },
      [keyOf(KUBERNETES.Role, `${name}-reader`)],
    ),
  ];
}

/** What the admission policies hold the namespace's pods and volumes to. */
const allowances = (plan: TenantPlan): Record<string, string> => ({
  ...(plan.images === null ? {} : { [ALLOWED.images]: [...new Set(plan.images)].sort().join(",") }),
  [ALLOWED.runtimeClass]: plan.runtimeClass ?? "",
  ...(plan.storageClass === null ? {} : { [ALLOWED.storageClass]: plan.storageClass }),
});

function podSecurityLabels(plan: TenantPlan): Record<string, string> {
  const levels = { enforce: plan.podSecurity, audit: "restricted", warn: "restricted" };
  return Object.fromEntries(
    Object.entries(levels).flatMap(([mode, level]) => [
      [`pod-security.kubernetes.io/${mode}`, level],
      // Unpinned, an upgrade of the cluster could refuse ships that run today.
      ...(plan.kubernetes === null ? [] : [[`pod-security.kubernetes.io/${mode}-version`, `v${plan.kubernetes}`]]),
    ]),
  );
}

interface Policy {
  name: string;
  spec: Record<string, unknown>;
}

const everyPod = {};
const namespaceOf = (name: string) => ({ matchLabels: { "kubernetes.io/metadata.name": name } });
const tcp = (port: number) => ({ protocol: "TCP", port });

function networkPolicies(plan: TenantPlan): Policy[] {
  const ingressFrom = (name: string, namespace: string | null): Policy[] =>
    namespace === null
      ? []
      : [
          {
            name,
            spec: {
              podSelector: everyPod,
              policyTypes: ["Ingress"],
              ingress: [
                {
                  from: [{ namespaceSelector: namespaceOf(namespace) }],
                  ports: [...new Set(plan.httpPorts)].map(tcp),
                },
              ],
            },
          },
        ];
  const egress = (name: string, rule: Record<string, unknown>): Policy => ({
    name,
    spec: { podSelector: everyPod, policyTypes: ["Egress"], egress: [rule] },
  });
  const internet = [{ ipBlock: { cidr: "0.0.0.0/0", except: internetExcept(plan.internalCidrs) } }];
  return [
    { name: "default-deny", spec: { podSelector: everyPod, policyTypes: ["Ingress", "Egress"] } },
    egress("allow-dns", {
      to: [
        {
          namespaceSelector: namespaceOf("kube-system"),
          podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
        },
      ],
      // TCP too: an answer that does not fit in a datagram is asked for again over TCP.
      ports: [{ protocol: "UDP", port: 53 }, tcp(53)],
    }),
    ...ingressFrom("allow-edge", plan.edgeNamespace),
    ...ingressFrom("allow-monitoring", plan.monitoringNamespace),
    // Peers listen on any port; galaxies, the key registry and pills are asked over HTTPS.
    egress("allow-internet", { to: internet, ports: [{ protocol: "UDP" }, tcp(443)] }),
    ...(plan.apiServer.cidrs.length === 0
      ? []
      : [
          // The claim's init container asks the registry before the ship may start.
          egress("allow-kubernetes-api", {
            to: plan.apiServer.cidrs.map((cidr) => ({ ipBlock: { cidr } })),
            ports: plan.apiServer.ports.map(tcp),
          }),
        ]),
  ];
}

/** One policy more, and nothing else with it: Cilium adds policies of both kinds up. */
const apiEntity = ({ apiServer }: TenantPlan): Record<string, unknown> => ({
  endpointSelector: {},
  egress: [
    {
      toEntities: ["kube-apiserver"],
      // Where the API server runs on a node, these ports are all that is opened of the node.
      toPorts: [{ ports: apiServer.ports.map((port) => ({ port: String(port), protocol: "TCP" })) }],
    },
  ],
});

function quota(q: TenantQuota): Record<string, string> {
  return {
    pods: String(q.ships),
    "count/statefulsets.apps": String(q.ships),
    "requests.cpu": `${q.cpuMilli}m`,
    "requests.memory": `${q.memoryMiB}Mi`,
    "requests.storage": `${q.storageGiB}Gi`,
    persistentvolumeclaims: String(2 * q.ships),
    "count/secrets": String(q.ships + 10),
    "count/configmaps": "50",
    services: String(2 * q.ships),
    "services.loadbalancers": "0",
    "services.nodeports": "0",
  };
}

/** A default for containers that name nothing, so that the quota does not refuse them; never below what a loom needs. */
function limits(loom: number): Record<string, unknown> {
  return {
    type: "Container",
    default: { memory: `${loomMiB(loom) + LOOM_HEADROOM_MIB}Mi` },
    defaultRequest: { cpu: "50m", memory: "128Mi" },
  };
}

/** Explicit, since the built-in view role grows with every definition that aggregates to it. */
const CUSTOMER_RULES = [
  {
    apiGroups: [""],
    resources: ["pods", "pods/log", "services", "persistentvolumeclaims", "events", "resourcequotas", "limitranges"],
    verbs: ["get", "list", "watch"],
  },
  { apiGroups: ["apps"], resources: ["statefulsets"], verbs: ["get", "list", "watch"] },
  { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"], verbs: ["get", "list", "watch"] },
  { apiGroups: ["gateway.networking.k8s.io"], resources: ["httproutes"], verbs: ["get", "list", "watch"] },
];

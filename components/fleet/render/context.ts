// What every ship of a cell has in common, as plain data.

export interface ShipImage {
  /** Image repository without tag or digest. */
  repository: string;
  /** sha256 digest. Null is marked in a preview and refused by `up`. Changing it takes effect at the ship's next start. */
  digest?: string | null;
  /** Architectures it is built for; nodes of others are avoided. */
  architectures?: readonly string[];
}

export interface GatewayReference {
  name: string;
  namespace: string;
}

/** Where a customer's ships run when they are to be kept apart from others. */
export interface TenantPlacement {
  /** Runtime class of their pods, such as a sandbox: the tenant must allow it and the cluster must have it. Whether the runtime works in it is unproven. */
  runtimeClass?: string;
  /** Labels of the customer's own nodes. */
  nodeLabels?: Record<string, string>;
  /** Taints of the customer's own nodes, which keep others off. */
  nodeTaints?: { key: string; value: string; effect?: "NoSchedule" | "NoExecute" }[];
}

export interface CellContext {
  /** Name of the stack that holds the claims. Changing it is refused by the registry. */
  stack: string;
  /** Cell id, such as c1. Changing it moves the ships: use `roadstead ship move`. */
  cell: string;
  /** The ships' image. */
  image: ShipImage;
  /** Image with kubectl and /bin/sh for the claim's init container. Null is marked in a preview and refused by `up`. */
  kubectl: ShipImage | null;
  /** Storage class of piers; must keep volumes (reclaimPolicy Retain). Changing it would replace piers: refused. */
  storageClass: string;
  /** Ships are served at <id>.<domain>. Null: no route, the ship is reached by port-forward only. In place. */
  domain: string | null;
  /** The Gateway routes attach to. Null: no route, even with a domain; the cluster's own ingress is then the user's to set up. In place. */
  gateway: GatewayReference | null;
  /** The public subnets' ranges, from where the cell's load balancer for Ames looks whether ships are up. Default null: there is none, and a ship that wants it is refused. In place. */
  amesLoadBalancer?: { publicCidrs: readonly string[] } | null;
  /** Whether nodes carry Roadstead's pool label and taint. Default false: ships run on any node. Next start. */
  dedicatedNodes?: boolean;
  /** By tenant, where its ships run apart from others'. Default nowhere. Next start. */
  placements?: Readonly<Record<string, TenantPlacement>>;
  /** Created with replicas 0, to be released one by one by the rollout. Only looked at when a ship is created. */
  parked: boolean;
  /** Seconds a ship may take to stop, at least 600. Next start. */
  terminationGraceSeconds: number;
  /** Seconds a first boot, a replay or a migration may take before the ship is restarted. Next start. */
  startupBudgetSeconds: number;
}

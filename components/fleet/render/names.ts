// Names that several objects, the admission policies and the rollout must agree on.

/** Where every ship of a cluster is claimed, whichever stack it belongs to. */
export const REGISTRY_NAMESPACE = "roadstead-registry";

export const LABEL = {
  ship: "roadstead.dev/ship",
  cell: "roadstead.dev/cell",
  tenant: "roadstead.dev/tenant",
  partOf: "app.kubernetes.io/part-of",
  managedBy: "app.kubernetes.io/managed-by",
} as const;
export const OWN = { [LABEL.partOf]: "roadstead", [LABEL.managedBy]: "roadstead" } as const;

/** Run state on the claim. Pulumi writes it once, at creation; afterwards the ship's pod and the rollout do. */
export const ANNOTATION = {
  firstBoot: "roadstead.dev/first-boot",
  lastEvent: "roadstead.dev/last-event",
  /** A new value here is the owner's word that the identity was breached: only then may run state go back. */
  breach: "roadstead.dev/breach",
} as const;
/**
 * On what is a cluster's and no namespace's: the stack that made it, which alone takes it over when an update was cut off. An
 * annotation, since a stack's name may be longer than a label.
 */
export const STACK_ANNOTATION = "roadstead.dev/stack";
export const heldBy = (stack: string | null): Record<string, string> =>
  stack === null ? {} : { [STACK_ANNOTATION]: stack };
/** On a tenant's namespace: what its pods and volumes may be made of. The admission policies read them there. */
export const ALLOWED = {
  /** Image repositories, separated by commas. */
  images: "roadstead.dev/images",
  /** Empty: none may be named. */
  runtimeClass: "roadstead.dev/runtime-class",
  storageClass: "roadstead.dev/storage-class",
} as const;
export const FIRST_BOOT = ["never", "started", "done"] as const;

/** Node label and taint of ship pools; the node pools of the platform carry them. */
export const NODE_ROLE = { key: "roadstead.dev/role", ships: "ships" } as const;
export const SHIPS_TAINT_KEY = "roadstead.dev/ships";

/** Port ships serve HTTP on when no other is recorded: above 1024, since they do not run as root. */
export const SHIP_HTTP_PORT = 8080;

export const claimHolder = (stack: string, tenant: string): string => `${stack}/${tenant}`;
export const pierName = (ship: string): string => `pier-${ship}`;
export const keyName = (ship: string): string => `key-${ship}`;
/** Objects the ships of one cell share in a tenant's namespace. */
export const sharedName = (cell: string): string => `ship-${cell}`;
/** Role of a tenant's ships in the registry's namespace. */
export const claimRoleName = (tenant: string, cell: string): string => `claim-${tenant}-${cell}`;

// What a user needs, as data. Every field is documented here, and nowhere else:
// `roadstead schema requirements` prints this file's JSON Schema.
import { z } from "zod";
import { DOMAIN, isNetwork, isPublicKey, LEAST_PIER_GIB, LOOM, PUBLIC_KEY, PUBLIC_KEY_LOOKS } from "../host-fields";
import { backupsSchema } from "./backups";
import { existingSchema } from "./existing";
import { COMPLIANCE, image, secretName } from "./fields";
import { hostsSchema } from "./hosts";
import { versionsSchema } from "./versions";

export type { BackupWishes } from "./backups";
export type { ClusterFacts } from "./cluster-facts";
export type { OwnHost } from "./existing";
export { type Architecture, ARCHITECTURES, COMPLIANCE, type Compliance } from "./fields";
export type { HostWishes } from "./hosts";
export { versionsSchema } from "./versions";

export const SHIP_CLASSES = ["galaxy", "star", "planet", "moon", "comet"] as const;
export type ShipClass = (typeof SHIP_CLASSES)[number];

/** The ways to host ships. */
export const MODES = [
  "managed",
  "bare-metal",
  "vps",
  "multi-vps",
  "groundseg",
  "eks",
  "doks",
  "gke",
  "aks",
  "existing-cluster",
  "hybrid",
] as const;
export type Mode = (typeof MODES)[number];
export const PLATFORMS = ["auto", ...MODES] as const;
export type Platform = (typeof PLATFORMS)[number];

export const PRIORITIES = ["lowest-cost", "fastest", "most-secure", "balanced"] as const;
export type Priority = (typeof PRIORITIES)[number];

export const ENVIRONMENTS = ["dev", "staging", "prod"] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

export const EXPERIENCE = ["beginner", "intermediate", "expert"] as const;
export const PURPOSES = ["personal", "development", "production"] as const;
export const AMES_INBOUND = ["relayed", "nlb", "hostport"] as const;
export const RESIDENCIES = ["us", "eu", "none"] as const;
export const PROFILES = ["default", "reference"] as const;

/** The largest fleet one requirements file may ask for (design §4.1). */
export const MAX_SHIPS = 10_000;

const cidr = z
  .union([z.cidrv4(), z.cidrv6()], "a network in CIDR notation, such as 203.0.113.7/32")
  .refine(isNetwork, "a network in CIDR notation")
  .describe("A network in CIDR notation, such as 203.0.113.7/32.");
const region = z.string().regex(/^[a-z0-9-]{2,32}$/, "a provider's own region name, such as us-east-1, nyc3 or fsn1");

const shipSettings = {
  memoryGiB: z
    .number()
    .min(1)
    .max(64)
    .describe(
      "Memory requested per ship in GiB (on a VPS: the host's memory). Default 4. The limit is the larger of this and loom plus headroom.",
    ),
  diskGiB: z
    .number()
    .int()
    .min(LEAST_PIER_GIB)
    .max(1024)
    .describe("Pier volume per ship in GiB. Default 20. Piers only grow."),
  cpu: z.number().min(0.05).max(16).describe("vCPU requested per ship. Default 0.25."),
  loom: z
    .number()
    .int()
    .min(LOOM.least)
    .max(LOOM.most)
    .describe("vere's --loom, the power of two of its address space. Default 31, which is 2 GiB."),
  amesInbound: z
    .enum(AMES_INBOUND)
    .describe(
      "How peers reach the ship: relayed (through its sponsor, default on clusters), nlb (on EKS: a UDP listener a ship, which only a galaxy gains from, since peers find it by DNS), hostport (not built: see docs/components/ship.md). A host of its own is always reached directly.",
    ),
};

/** What the owner of a pier says when it is brought in. Nothing can check it, and everything rests on it. */
const attestationSchema = z.strictObject({
  sourceStoppedForGood: z
    .literal(true)
    .describe(
      "The ship was stopped cleanly where it ran before, this pier was taken after that, and it never runs there again.",
    ),
  atEvent: z
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe("The event number of that stop, as `urbit info` says it: an older pier is then never run."),
  by: z
    .string()
    .regex(/^[^\p{C}]{1,63}$/u, "1 to 63 visible characters")
    .optional()
    .describe("Who says so."),
});
export type Attestation = z.infer<typeof attestationSchema>;

const namedShip = z.strictObject({
  name: z
    .string()
    .optional()
    .describe("The ship's @p, such as ~sampel-palnet. A comet that is not mined yet has a nickname instead."),
  nickname: z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/, "2 to 40 lower-case letters, digits and dashes, starting with a letter")
    .optional()
    .describe("The name a comet is claimed by until it is mined."),
  customer: z
    .string()
    .regex(/^[^\p{C}]{1,63}$/u, "1 to 63 visible characters")
    .optional()
    .describe("The customer who owns the ship; one namespace a customer. Default: the only customer."),
  key: z
    .strictObject({ secret: secretName })
    .optional()
    .describe("Where the boot key is: the name of a Pulumi config secret."),
  imported: z
    .union([z.boolean(), attestationSchema])
    .optional()
    .describe(
      "The pier exists already and is brought in: { sourceStoppedForGood: true, atEvent: … }. With `true` alone it can be planned; `up` refuses it without the attestation.",
    ),
  fake: z.boolean().optional().describe("A fake ship: no network, no key. For development."),
  ...Object.fromEntries(Object.entries(shipSettings).map(([k, v]) => [k, v.optional()])),
} as {
  name: z.ZodOptional<z.ZodString>;
  nickname: z.ZodOptional<z.ZodString>;
  customer: z.ZodOptional<z.ZodString>;
  key: z.ZodOptional<z.ZodObject<{ secret: z.ZodString }>>;
  imported: z.ZodOptional<z.ZodUnion<[z.ZodBoolean, typeof attestationSchema]>>;
  fake: z.ZodOptional<z.ZodBoolean>;
  memoryGiB: z.ZodOptional<z.ZodNumber>;
  diskGiB: z.ZodOptional<z.ZodNumber>;
  cpu: z.ZodOptional<z.ZodNumber>;
  loom: z.ZodOptional<z.ZodNumber>;
  amesInbound: z.ZodOptional<z.ZodEnum<{ relayed: "relayed"; nlb: "nlb"; hostport: "hostport" }>>;
});
export type NamedShipInput = z.infer<typeof namedShip>;

const count = z.number().int().min(0).max(MAX_SHIPS);
const shipsObject = z.strictObject({
  count: z
    .number()
    .int()
    .min(1)
    .max(MAX_SHIPS)
    .optional()
    .describe("How many ships, 1 to 10,000. With `types`, their sum; with `named`, at least as many."),
  types: z
    .strictObject({
      galaxy: count.optional(),
      star: count.optional(),
      planet: count.optional(),
      moon: count.optional(),
      comet: count.optional(),
    })
    .optional()
    .describe("How many of each class. Default: all planets."),
  named: z
    .array(z.union([z.string(), namedShip]))
    .min(1)
    .max(MAX_SHIPS)
    .optional()
    .describe("Ships by name. The class comes from the name."),
  memoryGiB: shipSettings.memoryGiB.optional(),
  diskGiB: shipSettings.diskGiB.optional(),
  cpu: shipSettings.cpu.optional(),
  loom: shipSettings.loom.optional(),
  amesInbound: shipSettings.amesInbound.optional(),
  image: image.optional(),
  egressGiB: z.number().min(0).max(10_000).optional().describe("Internet egress per ship and month in GiB. Default 5."),
});

const growth = z.number().int().min(0).max(MAX_SHIPS);

export const requirementsSchema = z.strictObject({
  apiVersion: z.literal("roadstead/v1").default("roadstead/v1"),
  profile: z
    .enum(PROFILES)
    .default("default")
    .describe(
      "default prices what the components build; reference prices the documented reference model, for comparison.",
    ),
  environment: z
    .enum(ENVIRONMENTS)
    .default("dev")
    .describe("Which environment this is. Default dev. It must agree with --stack."),
  purpose: z.enum(PURPOSES).optional().describe("What the ships are for; used to advise a managed host."),
  ships: z
    .union([z.array(z.union([z.string(), namedShip])), shipsObject])
    .describe("The ships: an object, or a bare list of names as shorthand for ships.named."),
  customers: z
    .number()
    .int()
    .min(1)
    .max(5_000)
    .default(1)
    .describe("How many customers share the fleet; one namespace and quota each. Default 1."),
  budget: z
    .strictObject({
      monthly: z.number().positive().max(100_000_000),
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, "three capital letters, such as USD or EUR")
        .default("USD"),
    })
    .optional()
    .describe("The most you want to pay a month. Without one, cost never rejects a candidate."),
  priorities: z
    .enum(PRIORITIES)
    .default("balanced")
    .describe("What decides among the candidates that fit. Default balanced."),
  sla: z
    .union([z.literal(99), z.literal(99.9), z.literal(99.99)])
    .default(99)
    .describe("Availability per ship in per cent. Default 99."),
  compliance: z
    .array(z.enum(COMPLIANCE))
    .default([])
    .describe("Frameworks the hosting must be able to show evidence for."),
  regions: z
    .strictObject({
      allowed: z
        .array(region)
        .min(1)
        .optional()
        .describe("Regions by the providers' own names. Default: one region a provider that satisfies residency."),
      residency: z.enum(RESIDENCIES).optional().describe("Where data may be stored: us, eu or none. Default none."),
      dr: region.optional().describe("A second region that holds copies of the backups."),
    })
    .default({}),
  platform: z
    .enum(PLATFORMS)
    .default("auto")
    .describe("Default auto: the planner chooses. Anything else restricts the choice to it."),
  experience: z
    .enum(EXPERIENCE)
    .default("intermediate")
    .describe("Who operates this. A beginner is not offered Kubernetes. Default intermediate."),
  growth: z
    .strictObject({ in6Months: growth.optional(), in12Months: growth.optional() })
    .default({})
    .describe("How many ships you expect. Default: as many as now."),
  recovery: z
    .strictObject({
      rpoHours: z.number().min(0).max(8760).optional(),
      rtoHours: z.number().min(0).max(8760).optional(),
    })
    .default({})
    .describe("How much data may be lost and how long a recovery may take, in hours."),
  cluster: z
    .strictObject({
      zones: z
        .number()
        .int()
        .min(2)
        .max(3)
        .default(3)
        .describe(
          "Availability zones ships are spread over, 2 or 3: an EKS control plane needs subnets in two. Default 3. A ship itself always lives in one.",
        ),
      nat: z
        .enum(["per-zone", "single"])
        .optional()
        .describe("NAT gateways: one a zone, or one for all. Default per-zone from an SLA of 99.9 on, else single."),
      cidr: z
        .string()
        .optional()
        .describe(
          "Private IPv4 range of the network Roadstead makes, /16 to /20. Default: the first /16 from 10.0.0.0 on that overlaps none of avoidCidrs. It never changes once recorded.",
        ),
      avoidCidrs: z
        .array(cidr)
        .optional()
        .describe("IPv4 ranges of networks this one is connected to; it must overlap none. Default: none."),
      interfaceEndpoints: z
        .boolean()
        .optional()
        .describe(
          "Whether nodes reach the image registry (ECR) and STS without NAT, through paid endpoints in each zone. Default false.",
        ),
      kubeProxyMode: z
        .enum(["iptables", "ipvs", "nftables"])
        .optional()
        .describe(
          "How EKS nodes route services. Default: iptables up to 900 ships within twelve months, beyond it IPVS or, from Kubernetes 1.35 on, nftables; what is recorded stays unless this says otherwise.",
        ),
      headroomPercent: z
        .number()
        .min(0)
        .max(100)
        .default(20)
        .describe("Spare ship capacity kept free in each zone, in per cent. Default 20."),
      families: z
        .array(z.string().regex(/^[a-z][a-z0-9]+$/, "an EC2 family such as r6g"))
        .min(1)
        .optional()
        .describe(
          "EC2 families nodes and hosts may come from. Default: every priced family of the image's architectures that is not burstable.",
        ),
    })
    .prefault({})
    .describe("The shape of a cluster, where you have wishes."),
  domain: z
    .string()
    .regex(DOMAIN, "a lower-case domain name such as fleet.example.com")
    .optional()
    .describe("Ships are served at <ship>.<domain>."),
  access: z
    .strictObject({
      sshPublicKeys: z
        .array(
          z
            .string()
            .regex(
              /^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa|sk-ssh-ed25519@openssh\.com) [A-Za-z0-9+/=]+( [\w@.+ -]*)?$/,
              "one public key line, such as ssh-ed25519 AAAA… me@home",
            )
            // A line that is none at all is said above.
            .refine((key) => !PUBLIC_KEY.test(key) || isPublicKey(key), PUBLIC_KEY_LOOKS),
        )
        .optional()
        .describe("Public SSH keys that may log in to hosts."),
      adminCidrs: z
        .array(cidr)
        .optional()
        .describe("Networks that may reach SSH and the cluster's API. Never the whole world."),
      clusterAdmins: z
        .array(
          z
            .string()
            .regex(
              /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
              "an IAM role or user ARN, such as arn:aws:iam::111122223333:role/platform",
            ),
        )
        .optional()
        .describe("IAM principal ARNs that administer an EKS cluster."),
    })
    .default({})
    .describe("Who may administer what is built."),
  existing: existingSchema,
  backups: backupsSchema,
  hosts: hostsSchema,
  versions: versionsSchema.default({}),
  alerts: z
    .strictObject({
      pagerDuty: z.strictObject({ secret: secretName }).optional(),
      slack: z.strictObject({ secret: secretName }).optional(),
    })
    .default({})
    .describe("Where alerts go, as names of Pulumi config secrets."),
});

/** A requirements file as zod reads it: defaults filled in, ships not yet resolved. */
export type RequirementsFile = z.infer<typeof requirementsSchema>;
export type Image = z.infer<typeof image>;
export type Versions = z.infer<typeof versionsSchema>;

/** A ship the requirements name. */
export interface RequestedShip {
  /** The @p with its sig, or null for a comet that is not mined yet. */
  name: string | null;
  /** What a comet is claimed by until it is mined. */
  nickname: string | null;
  class: ShipClass;
  /** The sponsoring parent of a moon, else null. */
  parent: string | null;
  customer: string | null;
  key: { secret: string } | null;
  imported: boolean;
  /** What was attested of an imported ship's source; null when nothing was, and for every other ship. */
  attestation: Attestation | null;
  fake: boolean;
  memoryGiB: number;
  diskGiB: number;
  cpu: number;
  loom: number;
  amesInbound: (typeof AMES_INBOUND)[number];
}

/** Requirements with ships resolved and every default filled in: what the planner works on. */
export interface Requirements extends Omit<RequirementsFile, "ships"> {
  ships: {
    /** All ships, named and unnamed. */
    count: number;
    types: Record<ShipClass, number>;
    named: RequestedShip[];
    memoryGiB: number;
    diskGiB: number;
    cpu: number;
    loom: number;
    amesInbound: (typeof AMES_INBOUND)[number];
    image: Image;
    egressGiB: number;
  };
  /** Paths the user gave, so that the planner can tell a wish from a default. */
  given: string[];
}

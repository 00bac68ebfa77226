// Tenant: a namespace of one customer, closed by default. It refuses to be opened to the platform's own networks.
import * as pulumi from "@pulumi/pulumi";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { register } from "../fleet/register";
import { keyOf, KUBERNETES } from "../fleet/render/resource";
import { isIPv4Cidr } from "./render/cidr";
import { type ApiServerAddress, renderTenant, TENANT_TYPE, tenantPlan, type TenantQuota } from "./render/tenant";

/** Pod security standard a tenant's pods must meet. */
export const PodSecurity = { Restricted: "restricted", Baseline: "baseline" } as const;
export type PodSecurity = (typeof PodSecurity)[keyof typeof PodSecurity];

export interface TenantArgs {
  /** Opaque id and name of the namespace, such as t-1f00c0ffee: DNS shows namespace names to every pod. Changing it would delete the namespace: refused. */
  id: string;
  /** The stack that makes it, and alone takes it over after an update that was cut off. Default the Pulumi stack. In place. */
  stack?: string;
  /** How much the tenant may take. Default 10 ships, 20 GiB of memory, 10 processors, 200 GiB of volumes. In place. */
  quota?: TenantQuota;
  /** Default restricted. In place; running pods are not looked at again. */
  podSecurity?: PodSecurity;
  /** Kubernetes minor version the standard is pinned to. Default: not pinned. In place. */
  kubernetes?: string | null;
  /** Whether to make network policies. Default true. Only a network plugin that enforces them gives them meaning. In place. */
  networkPolicies?: boolean;
  /** Networks of the platform: VPC, nodes, pods, services. Private, carrier and link-local networks are excluded anyway. Default none. In place. */
  internalCidrs?: string[];
  /** Where the Kubernetes API answers; ships cannot start without asking it for their claim. */
  apiServer: ApiServerAddress;
  /** Namespace of the gateway. Default: nobody reaches ships by HTTP. In place. */
  edgeNamespace?: string | null;
  /** Namespace of the monitoring. Default: nobody probes. In place. */
  monitoringNamespace?: string | null;
  /** Ports ships serve HTTP on. Default 8080. In place. */
  httpPorts?: number[];
  /** The largest loom among the tenant's ships, 31 to 34. Default 31. In place. */
  loom?: number;
  /** Image repositories its pods may run, each by its digest. Default any. In place; running pods are not looked at again. */
  images?: string[];
  /** Runtime class its pods must run in, such as a sandbox for a customer nobody trusts; the cluster must have it. Default the cluster's own, and no other may be named. In place; running pods stay. */
  runtimeClass?: string | null;
  /** Storage class its volumes must have. Default any. In place; volumes stay as they are. */
  storageClass?: string | null;
}

/**
 * One customer: a namespace that pods can neither reach nor leave, but for DNS, the gateway, monitoring, peers on the
 * Internet and the Kubernetes API; a quota; default limits that no loom dies of; and read access for the customer's
 * people, as the group `roadstead:<id>:read`, without Secrets, exec or other namespaces.
 *
 *     new Tenant("acme", { id: "t-1f00c0ffee", apiServer: { cidrs: ["172.20.0.1/32", "10.0.0.0/16"], ports: [443] } });
 *
 * Namespaces share nodes and control plane: this separates customers who do not attack the kernel.
 *
 * Monthly: nothing. Destroyed: role, limits, quota, policies, and never the namespace: it holds the piers.
 */
export class Tenant extends pulumi.ComponentResource {
  /** The namespace's name, known once the namespace exists. */
  public readonly namespace: pulumi.Output<string>;
  /** The namespace's name, known once policies, quota and limits are in force: what ships must wait for. */
  public readonly closedNamespace: pulumi.Output<string>;

  constructor(name: string, args: TenantArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("Tenant", name, tenantProblems(args));
    super(TENANT_TYPE, name, {}, opts);
    const made = register(renderTenant(name, tenantPlan({ ...args, stack: args.stack ?? pulumi.getStack() })), this);

    this.namespace = made.get(keyOf(KUBERNETES.Namespace, `${name}-namespace`))!.urn.apply(() => args.id);
    this.closedNamespace = pulumi.all([...made.values()].map((r) => r.urn)).apply(() => args.id);
    this.registerOutputs({ namespace: this.namespace, closedNamespace: this.closedNamespace });
  }
}

function tenantProblems(args: TenantArgs): ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  if (!/^t-[0-9a-f]{10}$/.test(args.id)) {
    problems.push({
      path: "id",
      received: given(args.id),
      accepted: "t- and ten hex digits",
      fix: "take the id from the lock: a customer's name in it would be seen by every other customer",
    });
  }
  (args.images ?? []).forEach((image, i) => {
    if (/^[a-z0-9][a-z0-9._:/-]*$/.test(image)) return;
    problems.push({
      path: `images[${i}]`,
      received: given(image),
      accepted: "a repository without tag or digest, such as docker.io/tloncorp/vere",
      fix: "write it as pods name it: what they run is compared with it letter by letter",
    });
  });
  for (const key of ["runtimeClass", "storageClass"] as const) {
    const name = args[key];
    if (name === undefined || name === null || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) continue;
    problems.push({
      path: key,
      received: given(name),
      accepted: "the name of a class in the cluster",
      fix: "see kubectl get runtimeclass,storageclass",
    });
  }
  const cidrs: [string, string][] = [
    ...(args.internalCidrs ?? []).map((c, i): [string, string] => [`internalCidrs[${i}]`, c]),
    ...args.apiServer.cidrs.map((c, i): [string, string] => [`apiServer.cidrs[${i}]`, c]),
  ];
  for (const [path, cidr] of cidrs) {
    if (!isIPv4Cidr(cidr)) {
      problems.push({
        path,
        received: given(cidr),
        accepted: "an IPv4 network such as 10.0.0.0/16",
        fix: "write it in CIDR notation",
      });
    }
  }
  args.apiServer.cidrs.forEach((cidr, i) => {
    if (isIPv4Cidr(cidr) && Number(cidr.split("/")[1]) < 8) {
      problems.push({
        path: `apiServer.cidrs[${i}]`,
        received: given(cidr),
        accepted: "a network of the platform, /8 or smaller",
        fix: "name the API's own addresses: the rule opens them to every ship",
      });
    }
  });
  for (const [key, value] of Object.entries(args.quota ?? {})) {
    if (!Number.isInteger(value) || value < 0) {
      problems.push({ path: `quota.${key}`, received: given(value), accepted: "a whole number", fix: "round it up" });
    }
  }
  return problems;
}

// HTTPS for every ship on DOKS at <ship>.<domain>: one load balancer, one wildcard certificate, the same gateway as on EKS.
import * as pulumi from "@pulumi/pulumi";
import { Certificate } from "@pulumi/digitalocean/certificate";
import { DnsRecord } from "@pulumi/digitalocean/dnsRecord";
import { Domain } from "@pulumi/digitalocean/domain";
import { getLoadBalancerOutput } from "@pulumi/digitalocean/getLoadBalancer";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import type { Provider } from "@pulumi/kubernetes/provider";
import { createGateway, domainProblems } from "../eks/gateway";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { CERTIFICATE_PATH, balancerName, doksEdgeService, wildcardIn } from "./render/edge";

export interface DoksEdgeArgs {
  /** Domain ships are served under, such as fleet.example.com. Changing it replaces certificate, domain and gateway: every ship's address changes. */
  domain: string;
  /** An existing domain at DigitalOcean that holds it, such as example.com. Default: the domain is added, and must be delegated to DigitalOcean first. */
  zoneId?: string | null;
  /** Version of the Envoy Gateway chart. Null is marked in a preview and refused by `up`. In place. */
  envoyGatewayVersion: string | null;
  /** The cluster's Kubernetes provider. */
  kubernetes: Provider;
}

/**
 * The way in from the internet on DOKS. Ships' HTTPRoutes attach to the gateway `roadstead` in `roadstead-edge`.
 *
 *     new DoksEdge("prod", { domain: "fleet.example.com", envoyGatewayVersion: "1.10.0", kubernetes: cluster.provider });
 *
 * Makes: the domain (unless adopted), a wildcard certificate from Let's Encrypt, the Envoy Gateway chart, gateway class,
 * gateway and redirect, a Service that becomes a load balancer, and `*.domain` pointing at it.
 *
 * Monthly: load balancer 12 (unverified price). Destroyed: DNS record, load balancer, gateway, chart, certificate, domain.
 */
export class DoksEdge extends pulumi.ComponentResource {
  /** Address of the load balancer. */
  public readonly address: pulumi.Output<string>;
  /** True once ships can be reached. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: DoksEdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("DoksEdge", name, edgeProblems(args));
    super("roadstead:index:DoksEdge", name, {}, opts);
    const context: Context = { name, args, parent: this };

    const zone = createDomain(context);
    const certificate = createCertificate(context, zone);
    const gateway = createGateway({ ...args, name, parent: this });
    const service = createLoadBalancer(context, certificate, gateway);
    this.address = readAddress(context, service);
    const record = createWildcardRecord(context, zone, this.address, service);

    this.ready = record.fqdn.apply(() => true);
    this.registerOutputs({ address: this.address, ready: this.ready });
  }
}

interface Context {
  name: string;
  args: DoksEdgeArgs;
  parent: pulumi.Resource;
}

function edgeProblems(args: DoksEdgeArgs): ArgumentProblem[] {
  const problems = domainProblems(args.domain);
  if (args.zoneId && wildcardIn(args.zoneId, args.domain) === null) {
    problems.push({
      path: "zoneId",
      received: given(args.zoneId),
      accepted: `a domain at DigitalOcean that holds ${args.domain}`,
      fix: "give the domain itself or one above it",
    });
  }
  return problems;
}

/** The zone's name, known once it exists. */
function createDomain({ name, args, parent }: Context): pulumi.Output<string> {
  if (args.zoneId) return pulumi.output(args.zoneId);
  return new Domain(name, { name: args.domain }, { parent }).name;
}

function createCertificate({ name, args, parent }: Context, zone: pulumi.Output<string>): Certificate {
  return new Certificate(
    name,
    {
      name: `${name}-edge`,
      type: "lets_encrypt",
      // The zone must be there for the proof, so the names are taken from it.
      domains: zone.apply(() => [args.domain, `*.${args.domain}`]),
    },
    // A new domain must be delegated first, by hand, at the registrar.
    { parent, customTimeouts: { create: "60m" } },
  );
}

function createLoadBalancer(
  { name, args, parent }: Context,
  certificate: Certificate,
  gateway: pulumi.Resource,
): Service {
  const manifest = certificate.uuid.apply((id) => doksEdgeService(name, args.domain, id));
  return new Service(
    `${name}-edge`,
    { metadata: manifest.metadata, spec: manifest.spec },
    {
      parent,
      provider: args.kubernetes,
      // The proxies must stand before, and fall after, the load balancer that sends to them.
      dependsOn: gateway,
      // Renewal changes it behind our back, every two months.
      ignoreChanges: [CERTIFICATE_PATH],
    },
  );
}

/** The Service shows a name instead of its address, so DigitalOcean is asked, once the load balancer is there. */
function readAddress({ name, parent }: Context, service: Service): pulumi.Output<string> {
  const known = service.status.apply(() => balancerName(name));
  return getLoadBalancerOutput({ name: known }, { parent }).apply((balancer) => balancer?.ip ?? "");
}

function createWildcardRecord(
  { name, args, parent }: Context,
  zone: pulumi.Output<string>,
  address: pulumi.Output<string>,
  service: Service,
): DnsRecord {
  return new DnsRecord(
    `${name}-wildcard`,
    {
      domain: zone,
      type: "A",
      name: wildcardIn(args.zoneId ?? args.domain, args.domain) ?? "*",
      value: address,
      ttl: 300,
    },
    // The address was asked for, not handed over: the order must be said.
    { parent, dependsOn: [service] },
  );
}

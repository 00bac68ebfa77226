// HTTPS for every ship at <ship>.<domain>: one load balancer, one wildcard certificate, one gateway.
import * as pulumi from "@pulumi/pulumi";
import { Certificate } from "@pulumi/aws/acm/certificate";
import { CertificateValidation } from "@pulumi/aws/acm/certificateValidation";
import { Record as DnsRecord } from "@pulumi/aws/route53/record";
import { Zone } from "@pulumi/aws/route53/zone";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import type { Provider } from "@pulumi/kubernetes/provider";
import { createGateway, domainProblems } from "./gateway";
import { refuseIfAny } from "../refusal";
import { edgeService } from "./render/edge";

export interface EdgeArgs {
  /** AWS region. Changing it replaces the certificate. */
  region: string;
  /** Domain ships are served under, such as fleet.example.com. Changing it replaces certificate, zone and gateway: every ship's address changes. */
  domain: string;
  /** An existing Route 53 zone of the domain. Default: a zone is made, and must be delegated to `nameServers` before the certificate can be issued. */
  zoneId?: string | null;
  /** Version of the Envoy Gateway chart. Null is marked in a preview and refused by `up`. In place. */
  envoyGatewayVersion: string | null;
  /** Digest of the Envoy Gateway chart. Default none: the version is trusted. In place. */
  envoyGatewayDigest?: string | null;
  /** The cluster's Kubernetes provider. */
  kubernetes: Provider;
  /** What must exist first: the cluster's add-ons and its `LoadBalancerController`, which makes the load balancer. Default nothing. */
  after?: pulumi.Resource[];
  /** Tags for every AWS resource, the load balancer included. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * The way in from the internet. Ships' HTTPRoutes attach to the gateway `roadstead` in the namespace `roadstead-edge`, from
 * namespaces with the label `roadstead.dev/tenant`.
 *
 *     new Edge("prod", {
 *       region: "us-west-2", domain: "fleet.example.com", envoyGatewayVersion: "1.10.0", kubernetes: cluster.provider,
 *     });
 *
 * Makes: a zone (unless adopted), a wildcard certificate validated by DNS, the Envoy Gateway chart, gateway class, gateway
 * and redirect, a Service that becomes a network load balancer, and `*.domain` pointing at it.
 *
 * Monthly: network load balancer 16.43 plus 4.38 a capacity unit, public IPv4 3.65 a zone, DNS zone 0.50; the
 * certificate costs nothing.
 *
 * Destroyed: DNS record, load balancer, gateway, chart, certificate, zone; all before the add-ons.
 */
export class Edge extends pulumi.ComponentResource {
  /** Host name of the load balancer. */
  public readonly address: pulumi.Output<string>;
  /** Name servers to delegate the domain to; empty when a zone was adopted. */
  public readonly nameServers: pulumi.Output<string[]>;
  /** True once ships can be reached: certificate, gateway and DNS record exist. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: EdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("Edge", name, domainProblems(args.domain));
    super("roadstead:index:Edge", name, {}, opts);
    const context: Context = { name, args, parent: this };

    const zone = createZone(context);
    const certificate = createCertificate(context, zone.id);
    const gateway = createGateway({ ...args, name, parent: this });
    const service = createLoadBalancer(context, certificate, gateway);
    const record = createWildcardRecord(context, zone.id, service);

    this.address = service.status.apply((status) => status?.loadBalancer?.ingress?.[0]?.hostname ?? "");
    this.nameServers = zone.nameServers;
    this.ready = record.fqdn.apply(() => true);
    this.registerOutputs({ address: this.address, nameServers: this.nameServers, ready: this.ready });
  }
}

interface Context {
  name: string;
  args: EdgeArgs;
  parent: pulumi.Resource;
}

interface DnsZone {
  id: pulumi.Input<string>;
  nameServers: pulumi.Output<string[]>;
}

function createZone({ name, args, parent }: Context): DnsZone {
  if (args.zoneId !== undefined && args.zoneId !== null) {
    return { id: args.zoneId, nameServers: pulumi.output([] as string[]) };
  }
  const zone = new Zone(name, { name: args.domain, comment: `Ships of ${name}`, tags: args.tags }, { parent });
  return { id: zone.zoneId, nameServers: zone.nameServers };
}

/** The certificate's ARN, known once it is issued. */
function createCertificate({ name, args, parent }: Context, zoneId: pulumi.Input<string>): pulumi.Output<string> {
  const { region } = args;
  const certificate = new Certificate(
    name,
    {
      domainName: args.domain,
      subjectAlternativeNames: [`*.${args.domain}`],
      validationMethod: "DNS",
      region,
      tags: { Name: name, ...args.tags },
    },
    // A load balancer uses it: the successor must exist before this one goes, which the engine does by default.
    { parent },
  );
  // Domain and wildcard are proven by one and the same record.
  const proof = certificate.domainValidationOptions.apply((options) => options?.[0]);
  const record = new DnsRecord(
    `${name}-proof`,
    {
      zoneId,
      name: proof.apply((p) => p?.resourceRecordName ?? ""),
      type: proof.apply((p) => p?.resourceRecordType ?? "CNAME"),
      records: [proof.apply((p) => p?.resourceRecordValue ?? "")],
      ttl: 300,
      allowOverwrite: true,
    },
    { parent },
  );
  const issued = new CertificateValidation(
    name,
    { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn], region },
    // A new zone must be delegated first, by hand, at the registrar.
    { parent, customTimeouts: { create: "60m" } },
  );
  return issued.certificateArn;
}

function createLoadBalancer(
  { name, args, parent }: Context,
  certificateArn: pulumi.Output<string>,
  gateway: pulumi.Resource,
): Service {
  const manifest = edgeService(certificateArn, args.tags ?? {});
  return new Service(
    `${name}-edge-nlb`,
    { metadata: manifest.metadata, spec: manifest.spec },
    // The proxies and the controller must stand before, and fall after, the load balancer that sends to them.
    { parent, provider: args.kubernetes, dependsOn: gateway, deleteBeforeReplace: true },
  );
}

function createWildcardRecord(
  { name, args, parent }: Context,
  zoneId: pulumi.Input<string>,
  service: Service,
): DnsRecord {
  return new DnsRecord(
    `${name}-wildcard`,
    {
      zoneId,
      name: `*.${args.domain}`,
      type: "CNAME",
      ttl: 300,
      records: [service.status.apply((status) => status?.loadBalancer?.ingress?.[0]?.hostname ?? "")],
    },
    { parent },
  );
}

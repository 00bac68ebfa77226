// The load balancer in front of the gateway on DigitalOcean, and the records that lead to it.
import { EDGE, toProxies } from "../../eks/render/edge";

const CERTIFICATE = "service.beta.kubernetes.io/do-loadbalancer-certificate-id";

/** DigitalOcean writes the id of each renewed certificate here by itself. */
export const CERTIFICATE_PATH = `metadata.annotations["${CERTIFICATE}"]`;

/** Name of the load balancer at DigitalOcean. */
export const balancerName = (name: string) => `${name}-edge`;

/** A Service that becomes a load balancer which ends TLS. */
export function doksEdgeService(name: string, domain: string, certificateId: string) {
  const digitalOcean = (key: string) => `service.beta.kubernetes.io/do-loadbalancer-${key}`;
  return {
    metadata: {
      name: "roadstead-edge",
      namespace: EDGE.namespace,
      annotations: {
        [digitalOcean("name")]: balancerName(name),
        [digitalOcean("protocol")]: "http",
        [digitalOcean("tls-ports")]: "443",
        [CERTIFICATE]: certificateId,
        // With a name in place of an address, what runs in the cluster goes through the load balancer too: kube-proxy would
        // send it straight to a proxy, which speaks no TLS.
        [digitalOcean("hostname")]: `edge.${domain}`,
      },
    },
    spec: { type: "LoadBalancer", externalTrafficPolicy: "Cluster", ...toProxies() },
  };
}

/** The wildcard's name inside a zone: `*` for the zone's own domain, `*.fleet` for fleet.example.com in example.com; null when the domain is elsewhere. */
export function wildcardIn(zone: string, domain: string): string | null {
  if (domain === zone) return "*";
  return domain.endsWith(`.${zone}`) ? `*.${domain.slice(0, -zone.length - 1)}` : null;
}

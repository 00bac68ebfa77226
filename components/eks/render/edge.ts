// The way in: one load balancer, one gateway, a thousand host names. Routes attach to the gateway by name.
import { heldBy } from "../../fleet/render/names";

/** What ships' HTTPRoutes name as their parent. */
export const EDGE = { gateway: "roadstead", namespace: "roadstead-edge" } as const;

/** Namespaces whose routes the gateway accepts carry this label, with any value. */
export const TENANT_LABEL = "roadstead.dev/tenant";

/** The chart that runs the gateway. */
export const ENVOY_GATEWAY_CHART = "oci://docker.io/envoyproxy/gateway-helm";

const CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller";
const GATEWAY_API = "gateway.networking.k8s.io/v1";

// TLS ends at the load balancer, which holds the certificate. Above 1024, so that the proxy listens on these very numbers.
const PORTS = { http: 8080, https: 8443 } as const;

/** Namespace of controller and proxies; `stack` makes it. */
export function edgeNamespace(stack: string) {
  return {
    metadata: {
      name: EDGE.namespace,
      labels: {
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/warn": "restricted",
      },
      annotations: heldBy(stack),
    },
  };
}

/** Chart values. */
export function gatewayChartValues() {
  return { deployment: { replicas: 2 } };
}

export interface CustomObject {
  /** What the object is called in logical names. */
  suffix: string;
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
}

/** The gateway's objects, in the order they are made. */
export function gatewayObjects(domain: string, stack: string): CustomObject[] {
  const { gateway: name, namespace } = EDGE;
  return [
    {
      suffix: "proxy",
      apiVersion: "gateway.envoyproxy.io/v1alpha1",
      kind: "EnvoyProxy",
      metadata: { name, namespace },
      spec: {
        provider: {
          type: "Kubernetes",
          kubernetes: {
            envoyDeployment: { replicas: 2 },
            // The load balancer is a Service of our own, so that it is deleted with the stack and not left behind by a
            // controller that went first.
            envoyService: { type: "ClusterIP" },
          },
        },
      },
    },
    {
      suffix: "class",
      apiVersion: GATEWAY_API,
      kind: "GatewayClass",
      metadata: { name, annotations: heldBy(stack) },
      spec: { controllerName: CONTROLLER },
    },
    {
      suffix: "gateway",
      apiVersion: GATEWAY_API,
      kind: "Gateway",
      metadata: { name, namespace, annotations: { "pulumi.com/waitFor": "condition=Programmed" } },
      spec: {
        gatewayClassName: name,
        infrastructure: { parametersRef: { group: "gateway.envoyproxy.io", kind: "EnvoyProxy", name } },
        listeners: [
          {
            name: "http",
            protocol: "HTTP",
            port: PORTS.http,
            // Only the redirect below: a ship is never served in the clear.
            allowedRoutes: { namespaces: { from: "Same" } },
          },
          {
            name: "https",
            protocol: "HTTP",
            port: PORTS.https,
            hostname: `*.${domain}`,
            allowedRoutes: {
              namespaces: {
                from: "Selector",
                selector: { matchExpressions: [{ key: TENANT_LABEL, operator: "Exists" }] },
              },
            },
          },
        ],
      },
    },
    {
      suffix: "redirect",
      apiVersion: GATEWAY_API,
      kind: "HTTPRoute",
      metadata: { name: "https-redirect", namespace },
      spec: {
        parentRefs: [{ name, sectionName: "http" }],
        rules: [
          {
            filters: [{ type: "RequestRedirect", requestRedirect: { scheme: "https", port: 443, statusCode: 301 } }],
          },
        ],
      },
    },
  ];
}

/** What makes the AWS Load Balancer Controller answer for a Service, and AWS's own, older controller keep off it. */
export const LOAD_BALANCER_CLASS = "service.k8s.aws/nlb";

/** The network load balancer in front of the proxies. Only the certificate may be a value that is not known yet. */
export function edgeService<T>(certificateArn: T, tags: Record<string, string>) {
  const aws = (key: string) => `service.beta.kubernetes.io/aws-load-balancer-${key}`;
  return {
    metadata: {
      name: "roadstead-edge-nlb",
      namespace: EDGE.namespace,
      annotations: {
        [aws("scheme")]: "internet-facing",
        // Straight to the proxies' own addresses: no port is opened on the nodes.
        [aws("nlb-target-type")]: "ip",
        [aws("attributes")]: "load_balancing.cross_zone.enabled=true",
        [aws("backend-protocol")]: "tcp",
        [aws("ssl-cert")]: certificateArn,
        [aws("ssl-ports")]: "https",
        [aws("ssl-negotiation-policy")]: "ELBSecurityPolicy-TLS13-1-2-2021-06",
        ...(Object.keys(tags).length === 0
          ? {}
          : {
              [aws("additional-resource-tags")]: Object.entries(tags)
                .map(([k, v]) => `${k}=${v}`)
                .sort()
                .join(","),
            }),
      },
    },
    spec: {
      type: "LoadBalancer",
      loadBalancerClass: LOAD_BALANCER_CLASS,
      allocateLoadBalancerNodePorts: false,
      ...toProxies(),
    },
  };
}

/** Selector and ports of a Service that sends to the proxies. */
export function toProxies() {
  return {
    selector: {
      "app.kubernetes.io/component": "proxy",
      "gateway.envoyproxy.io/owning-gateway-name": EDGE.gateway,
      "gateway.envoyproxy.io/owning-gateway-namespace": EDGE.namespace,
    },
    ports: [
      { name: "http", protocol: "TCP", port: 80, targetPort: PORTS.http },
      { name: "https", protocol: "TCP", port: 443, targetPort: PORTS.https },
    ],
  };
}

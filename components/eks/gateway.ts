// The gateway behind any load balancer: Envoy Gateway by its chart, one Gateway, one redirect. The clouds differ only in front of it.
import * as pulumi from "@pulumi/pulumi";
import { CustomResource } from "@pulumi/kubernetes/apiextensions/customResource";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import type { Provider } from "@pulumi/kubernetes/provider";
import { Chart, ChartHooks } from "./chart";
import { type ArgumentProblem, given } from "../refusal";
import { ENVOY_GATEWAY_CHART, edgeNamespace, gatewayChartValues, gatewayObjects } from "./render/edge";

export interface GatewaySettings {
  name: string;
  domain: string;
  envoyGatewayVersion: string | null;
  envoyGatewayDigest?: string | null;
  kubernetes: Provider;
  after?: pulumi.Resource[];
  parent: pulumi.Resource;
}

/** Makes what stands behind the load balancer, and returns the last of it, which waits for all the rest. */
export function createGateway({ name, parent, kubernetes, ...settings }: GatewaySettings): pulumi.Resource {
  const namespace = new Namespace(
    `${name}-edge`,
    edgeNamespace(pulumi.getStack()),
    // Its name is fixed, since routes and policies refer to it.
    { parent, provider: kubernetes, dependsOn: settings.after, deleteBeforeReplace: true },
  );
  const chart = new Chart(
    `${name}-envoy-gateway`,
    {
      chart: ENVOY_GATEWAY_CHART,
      version: settings.envoyGatewayVersion,
      digest: settings.envoyGatewayDigest,
      namespace: namespace.metadata.name,
      values: gatewayChartValues(),
      kubernetes,
      // The controller's certificates are made by a Job that is a hook: without it neither controller nor proxies start.
      hooks: ChartHooks.Run,
      after: [namespace],
    },
    { parent },
  );
  let last: pulumi.Resource = chart;
  for (const { suffix, ...object } of gatewayObjects(settings.domain, pulumi.getStack())) {
    last = new CustomResource(
      `${name}-${suffix}`,
      object,
      // Names are fixed, since routes refer to them. Each waits for the one before it, and so for all.
      { parent, provider: kubernetes, dependsOn: [last], deleteBeforeReplace: true },
    );
  }
  return last;
}

export function domainProblems(domain: string): ArgumentProblem[] {
  if (/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/.test(domain)) return [];
  return [
    {
      path: "domain",
      received: given(domain),
      accepted: "a lower-case domain name such as fleet.example.com",
      fix: "give the domain without scheme, path or wildcard",
    },
  ];
}

// What external-dns is set to, and what it may do.
import { policyJson } from "./iam-documents";

export const EXTERNAL_DNS = {
  chart: "external-dns",
  repository: "https://kubernetes-sigs.github.io/external-dns",
  namespace: "kube-system",
  serviceAccount: "external-dns",
} as const;

/** Route 53's own bound for one request. */
const BATCH_CHANGES = 1000;

/** Chart values. */
export function externalDnsValues(owner: string, domains: string[], region: string) {
  return {
    provider: { name: "aws" },
    env: [{ name: "AWS_DEFAULT_REGION", value: region }],
    serviceAccount: { create: true, name: EXTERNAL_DNS.serviceAccount },
    sources: ["service", "gateway-httproute"],
    domainFilters: domains,
    registry: "txt",
    txtOwnerId: owner,
    // Records are added and changed. A route deleted by mistake must not take a name off the net with it.
    policy: "upsert-only",
    interval: "5m",
    extraArgs: [
      `--aws-batch-change-size=${BATCH_CHANGES}`,
      "--aws-batch-change-interval=10s",
      // Zones hardly change, and listing them counts against the same five requests a second.
      "--aws-zones-cache-duration=3h",
    ],
  };
}

/** Changes in the given zones, and what can only be asked of all. */
export function externalDnsPolicy(zoneIds: string[]): string {
  return policyJson(
    {
      Sid: "ChangeOwnZones",
      Effect: "Allow",
      Action: ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets", "route53:ListTagsForResources"],
      Resource: zoneIds.map((id) => `arn:aws:route53:::hostedzone/${id}`),
    },
    { Sid: "FindZones", Effect: "Allow", Action: "route53:ListHostedZones", Resource: "*" },
  );
}

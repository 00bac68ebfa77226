// Every rule says pass, fail and "could not be decided", each where it should.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evaluate, fromGraph, type PolicyResource, rules, UNKNOWN, type Verdict } from "../../policies/rules";
import * as s from "./samples";
import { changed, resource } from "./samples";

interface Case {
  rule: string;
  /** What the rule looks at, in its compliant form. */
  good: PolicyResource;
  /** What else is in the stack. */
  beside?: PolicyResource[];
  /** Each a violation: a path and value of `good`, or another resource set. */
  bad: ([path: string, value: unknown] | PolicyResource | PolicyResource[])[];
  /** Left out where a rule reads options only. */
  unknown?: [path: string] | PolicyResource[];
}

const pod = "spec.template.spec";
const container = `${pod}.containers.0`;
const unprotected = (r: PolicyResource) => ({ ...r, options: {} });
const cases: Case[] = [
  {
    rule: "no-secrets-in-user-data",
    good: s.droplet,
    bad: [
      ["userData", "[secret]"],
      ["userData", "echo '-----BEGIN OPENSSH PRIVATE KEY-----'"],
      ["userData", Buffer.from("#!/bin/sh\nPASSWORD=hunter2hunter2\n").toString("base64")],
    ],
    unknown: ["userData"],
  },
  { rule: "cost-within-budget", good: s.environment, bad: [["cost.mid", 500.01]], unknown: ["cost.mid"] },
  {
    rule: "decision-recorded",
    good: s.environment,
    bad: [
      ["architectureDigest", "none"],
      ["architectureDigest", undefined],
    ],
    unknown: ["architectureDigest"],
  },
  { rule: "pier-protected", good: s.pier, bad: [unprotected(s.pier), unprotected(s.volume)] },
  {
    rule: "pier-not-from-snapshot",
    good: s.pier,
    bad: [
      ["spec.dataSource", { kind: "VolumeSnapshot", name: "old" }],
      ["spec.dataSourceRef", { kind: "PersistentVolumeClaim" }],
      changed(s.volume, "snapshotId", "snap-1"),
    ],
    unknown: ["spec.dataSource"],
  },
  {
    rule: "pier-one-pod",
    good: s.pier,
    bad: [
      ["spec.accessModes", ["ReadWriteOnce"]],
      ["spec.accessModes", undefined],
    ],
    unknown: ["spec.accessModes"],
  },
  {
    rule: "ship-one-copy",
    good: s.workload,
    bad: [
      ["spec.replicas", 2],
      ["spec.updateStrategy", undefined],
      { ...s.workload, type: "kubernetes:apps/v1:Deployment" },
    ],
    unknown: ["spec.replicas"],
  },
  {
    rule: "ship-claimed",
    good: s.workload,
    beside: [s.lease],
    bad: [[s.workload], [{ ...s.workload, dependsOn: [] }, s.lease]],
    unknown: [s.workload, changed(s.lease, "metadata.name", UNKNOWN)],
  },
  {
    rule: "claim-kept",
    good: s.lease,
    bad: [unprotected(s.lease), ["spec.holderIdentity", ""]],
    unknown: ["spec.holderIdentity"],
  },
  {
    rule: "ship-probes-safe",
    good: s.workload,
    bad: [
      [`${container}.readinessProbe.exec.command`, ["click", "-i"]],
      [`${container}.livenessProbe`, { httpGet: { path: "/~_~/healthz" } }],
    ],
    unknown: [`${container}.readinessProbe`],
  },
  {
    rule: "tenant-default-deny",
    good: s.namespace,
    beside: [s.deny],
    bad: [
      [s.namespace],
      [s.namespace, changed(s.deny, "spec.policyTypes", ["Ingress"])],
      [s.namespace, changed(s.deny, "spec.podSelector", { matchLabels: { app: "a" } })],
      [s.namespace, changed(s.deny, "metadata.namespace", "t-other")],
    ],
    unknown: [s.namespace, changed(s.deny, "spec.policyTypes", UNKNOWN)],
  },
  {
    rule: "tenant-egress-not-internal",
    good: s.egress,
    bad: [
      ["spec.egress.0.to.0.ipBlock.except", ["10.0.0.0/8"]],
      ["spec.egress.0.to", []],
    ],
    unknown: ["spec.egress.0.to.0.ipBlock.except"],
  },
  {
    rule: "tenant-quota-and-limits",
    good: s.namespace,
    beside: [s.quota, s.limits],
    bad: [
      [s.namespace, s.limits],
      [s.namespace, s.quota],
      [s.namespace, s.limits, changed(s.quota, "spec.hard", { pods: "1" })],
    ],
    unknown: [s.namespace, s.limits, changed(s.quota, "spec", UNKNOWN)],
  },
  {
    rule: "tenant-pod-security",
    good: s.namespace,
    bad: [
      ["metadata.labels", { "roadstead.dev/tenant": "t-1" }],
      ["metadata.labels", { "roadstead.dev/tenant": "t-1", "pod-security.kubernetes.io/enforce": "privileged" }],
    ],
    unknown: ["metadata.labels"],
  },
  {
    rule: "tenant-pod-security-pinned",
    good: s.namespace,
    bad: [["metadata.labels", { "roadstead.dev/tenant": "t-1", "pod-security.kubernetes.io/enforce": "restricted" }]],
    unknown: ["metadata.labels"],
  },
  {
    rule: "tenant-role-read-only",
    good: s.reader,
    bad: [
      ["rules.0.resources", ["secrets"]],
      ["rules.0.resources", ["*"]],
      ["rules.0.resources", ["pods/exec"]],
      ["rules.0.verbs", ["get", "delete"]],
    ],
    unknown: ["rules.0.resources"],
  },
  {
    rule: "claim-role-narrow",
    good: s.claimRole,
    bad: [
      ["rules.0.resourceNames", []],
      ["rules.0.resources", ["leases", "configmaps"]],
      ["rules.0.verbs", ["delete"]],
    ],
    unknown: ["rules.0.verbs"],
  },
  {
    rule: "tenant-no-own-entrance",
    good: s.service,
    bad: [
      ["spec.type", "LoadBalancer"],
      ["spec.ports.0.targetPort", 80],
    ],
    unknown: ["spec.type"],
  },
  { rule: "tenant-no-cluster-admin", good: s.binding, bad: [["roleRef.name", "cluster-admin"]], unknown: ["roleRef"] },
  {
    rule: "workload-not-root",
    good: s.workload,
    bad: [
      [`${pod}.securityContext.runAsNonRoot`, undefined],
      [`${container}.securityContext.runAsUser`, 0],
    ],
    unknown: [`${pod}.securityContext`],
  },
  {
    rule: "workload-no-privilege",
    good: s.workload,
    bad: [
      [`${container}.securityContext.privileged`, true],
      [`${container}.securityContext.allowPrivilegeEscalation`, undefined],
      [`${container}.securityContext.capabilities`, { drop: ["ALL"], add: ["NET_ADMIN"] }],
      [`${container}.securityContext.capabilities`, undefined],
      [`${pod}.securityContext.seccompProfile`, undefined],
    ],
    unknown: [`${container}.securityContext.capabilities`],
  },
  {
    rule: "workload-not-on-host",
    good: s.workload,
    bad: [
      [`${pod}.hostNetwork`, true],
      [`${pod}.volumes`, [{ name: "a", hostPath: { path: "/" } }]],
      [`${container}.ports`, [{ hostPort: 34543 }]],
    ],
    unknown: [`${pod}.volumes`],
  },
  {
    rule: "workload-read-only-root",
    good: s.workload,
    bad: [[`${container}.securityContext.readOnlyRootFilesystem`, false]],
    unknown: [`${container}.securityContext`],
  },
  {
    rule: "workload-no-token",
    good: s.workload,
    bad: [[`${pod}.automountServiceAccountToken`, undefined]],
    unknown: [`${pod}.automountServiceAccountToken`],
  },
  {
    rule: "workload-no-secrets-in-environment",
    good: s.workload,
    bad: [
      [`${container}.env`, [{ name: "A", valueFrom: { secretKeyRef: { name: "b" } } }]],
      [`${container}.envFrom`, [{ secretRef: { name: "b" } }]],
    ],
    unknown: [`${container}.env`],
  },
  {
    rule: "image-by-digest",
    good: s.workload,
    bad: [
      [`${container}.image`, "tloncorp/vere:latest"],
      [`${container}.image`, "tloncorp/vere@digest-missing"],
    ],
    unknown: [`${container}.image`],
  },
  {
    rule: "no-world-open-administration",
    good: s.group,
    bad: [
      ["ingress.0.cidrBlocks", ["0.0.0.0/0"]],
      ["ingress.0", { protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
      ["ingress.0", { protocol: "tcp", fromPort: 0, toPort: 65535, ipv6CidrBlocks: ["::/0"] }],
      changed(s.firewall, "inboundRules.0.sourceAddresses", ["0.0.0.0/0"]),
      changed(s.firewall, "inboundRules.1.portRange", "1-65535"),
      resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "r", {
        ipProtocol: "tcp",
        fromPort: 20,
        toPort: 30,
        cidrIpv4: "0.0.0.0/1",
      }),
    ],
    unknown: ["ingress.0.cidrBlocks"],
  },
  {
    rule: "droplet-behind-firewall",
    good: s.droplet,
    beside: [s.firewall],
    bad: [[s.droplet], [s.droplet, { ...s.firewall, dependsOn: [] }]],
  },
  {
    rule: "eks-endpoint-not-world-open",
    good: s.cluster,
    bad: [
      ["vpcConfig.publicAccessCidrs", ["0.0.0.0/0"]],
      ["vpcConfig.publicAccessCidrs", undefined],
      ["vpcConfig", {}],
    ],
    unknown: ["vpcConfig.publicAccessCidrs"],
  },
  {
    rule: "eks-logs-all-types",
    good: s.cluster,
    bad: [
      ["enabledClusterLogTypes", ["api"]],
      ["enabledClusterLogTypes", undefined],
    ],
    unknown: ["enabledClusterLogTypes"],
  },
  {
    rule: "eks-secrets-encrypted",
    good: s.cluster,
    bad: [
      ["encryptionConfig", undefined],
      ["encryptionConfig.provider", undefined],
    ],
    unknown: ["encryptionConfig"],
  },
  {
    rule: "eks-version-supported",
    good: s.cluster,
    bad: [
      ["version", "1.33"],
      ["version", "1.32"],
      ["version", "1.28"],
      ["version", undefined],
    ],
    unknown: ["version"],
  },
  {
    rule: "node-metadata-protected",
    good: s.template,
    bad: [
      ["metadataOptions.httpTokens", "optional"],
      ["metadataOptions.httpPutResponseHopLimit", 2],
      ["metadataOptions", undefined],
    ],
    unknown: ["metadataOptions"],
  },
  {
    rule: "ebs-encrypted",
    good: s.template,
    bad: [
      ["blockDeviceMappings.0.ebs.encrypted", "false"],
      changed(s.volume, "encrypted", undefined),
      resource("aws:ec2/instance:Instance", "i", {}),
    ],
    unknown: ["blockDeviceMappings.0.ebs"],
  },
  { rule: "kms-key-rotates", good: s.key, bad: [["enableKeyRotation", undefined]], unknown: ["enableKeyRotation"] },
  { rule: "log-group-retention", good: s.logs, bad: [["retentionInDays", 0]], unknown: ["retentionInDays"] },
  {
    rule: "bucket-versioned",
    good: s.bucket,
    beside: [s.versioning],
    bad: [[s.bucket], [s.bucket, changed(s.versioning, "versioningConfiguration.status", "Suspended")]],
    unknown: [s.bucket, changed(s.versioning, "versioningConfiguration", UNKNOWN)],
  },
  {
    rule: "bucket-encrypted",
    good: s.bucket,
    beside: [s.encryption],
    bad: [[s.bucket], [s.bucket, { ...s.encryption, dependsOn: [] }]],
    unknown: [s.bucket, changed(s.encryption, "rules", UNKNOWN)],
  },
  {
    rule: "bucket-private",
    good: s.bucket,
    beside: [s.block],
    bad: [[s.bucket], [s.bucket, changed(s.block, "blockPublicAcls", false)]],
    unknown: [s.bucket, changed(s.block, "blockPublicAcls", UNKNOWN)],
  },
  {
    rule: "bucket-tls-only",
    good: s.bucket,
    beside: [s.policy],
    bad: [[s.bucket], [s.bucket, changed(s.policy, "policy", "{}")]],
    unknown: [s.bucket, changed(s.policy, "policy", UNKNOWN)],
  },
  {
    rule: "space-private-and-versioned",
    good: s.space,
    bad: [
      ["acl", "public-read"],
      ["versioning", undefined],
    ],
    unknown: ["versioning"],
  },
];

/** A fixed day: what is in support today would not be for ever. */
const DAY = "2026-06-01";

function verdicts(rule: string, resources: PolicyResource[]): Verdict[] {
  return evaluate(
    resources,
    rules.filter((r) => r.name === rule),
    DAY,
  ).map((j) => j.verdict);
}

describe.each(cases)("$rule", ({ rule, good, beside = [], bad, unknown }) => {
  test("passes what is in order", () => {
    expect(verdicts(rule, [good, ...beside])).toEqual(["pass"]);
  });

  test.each(bad.map((b, i) => ({ b, i })))("fails violation $i, and says why", ({ b }) => {
    const resources = !Array.isArray(b)
      ? [b]
      : typeof b[0] === "string"
        ? [changed(good, b[0], b[1]), ...beside]
        : (b as PolicyResource[]);
    const said = evaluate(
      resources,
      rules.filter((r) => r.name === rule),
      DAY,
    );
    expect(said.map((j) => j.verdict)).toEqual(["fail"]);
    expect(said[0]!.message).not.toBe("");
  });

  if (unknown) {
    test("could not be decided while a value is unknown", () => {
      const resources =
        typeof unknown[0] === "string"
          ? [changed(good, unknown[0], UNKNOWN), ...beside]
          : (unknown as PolicyResource[]);
      const said = evaluate(
        resources,
        rules.filter((r) => r.name === rule),
        DAY,
      );
      expect(said.map((j) => j.verdict)).toEqual(["undecided"]);
      expect(said[0]!.message).toMatch(/^could not be decided: /);
    });
  }
});

describe("a bucket under S3's own key", () => {
  const own = changed(s.encryption, "rules", [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }]);
  const named = changed(s.bucket, "arn", "arn:aws:s3:::logs");
  const allowing = (Principal: object, Resource = "arn:aws:s3:::logs/*") =>
    changed(
      s.policy,
      "policy",
      JSON.stringify({
        Statement: [
          { Effect: "Deny", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } },
          { Effect: "Allow", Principal, Action: "s3:PutObject", Resource },
        ],
      }),
    );
  const logging = { Service: "logging.s3.amazonaws.com" };
  const said = (...resources: PolicyResource[]) =>
    evaluate(
      resources,
      rules.filter((r) => r.name === "bucket-encrypted"),
      DAY,
    ).map((j) => j.verdict);

  test("passes when only S3's access logs are written to it", () => {
    expect(said(named, own, allowing(logging))).toEqual(["pass"]);
  });

  test("fails when anybody else writes to it, or the logs go elsewhere", () => {
    expect(said(named, own, s.policy)).toEqual(["fail"]);
    expect(said(named, own, allowing({ AWS: "*" }))).toEqual(["fail"]);
    expect(said(named, own, allowing(logging, "arn:aws:s3:::other/*"))).toEqual(["fail"]);
  });

  test("is undecided before its policy, or its address, is known", () => {
    expect(said(named, own, changed(s.policy, "policy", UNKNOWN))).toEqual(["undecided"]);
    expect(said(s.bucket, own, allowing(logging))).toEqual(["undecided"]);
  });
});

test("every rule has a pair here", () => {
  expect(cases.map((c) => c.rule).sort()).toEqual(rules.map((r) => r.name).sort());
});

test("a violation that is known is reported although something else is not", () => {
  const two = changed(s.workload, `${pod}.containers`, [
    { name: "a", image: UNKNOWN },
    { name: "b", image: "b:latest" },
  ]);
  expect(
    evaluate(
      [two],
      rules.filter((r) => r.name === "image-by-digest"),
    )[0],
  ).toMatchObject({ verdict: "fail", message: "b: b:latest has no digest" });
});

test("no rule passes silently when nothing at all is known", () => {
  for (const sample of Object.values(s).filter((v): v is PolicyResource => typeof v === "object" && "urn" in v)) {
    // Labels stay, or no rule would know that it is meant.
    const props = Object.entries(sample.props).map(([k, v]) => [k, k === "metadata" ? v : UNKNOWN]);
    const blind = { ...sample, props: Object.fromEntries(props) as Record<string, unknown> };
    const optionsOnly = ["pier-protected", "tenant-pod-security", "tenant-pod-security-pinned"];
    const passed = evaluate([blind]).filter((j) => j.verdict === "pass" && !optionsOnly.includes(j.rule));
    expect(passed.map((j) => `${sample.name}: ${j.rule}`)).toEqual([]);
  }
});

test("a preview's null is a value not known yet", () => {
  const [r] = fromGraph([{ ...s.key, inputs: { enableKeyRotation: null, nested: [{ a: null }] } }]);
  expect(r!.props).toEqual({ enableKeyRotation: UNKNOWN, nested: [{ a: UNKNOWN }] });
});

test("the page on policies lists every rule with its level", () => {
  const rows = readFileSync(join(__dirname, "../../docs/policies.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(rows.map(([, name, level, text]) => [name, level, text])).toEqual(
    rules.map((r) => [`\`${r.name}\``, `${r.level}, ${r.severity}`, r.description]),
  );
});

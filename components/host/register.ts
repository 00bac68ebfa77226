// Turns planned resources into registered ones. Decides nothing.
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
import { isGivenRef, isOutputRef, type OutputRef, type Planned, type PlannedResource } from "./render/resources";

// The planned inputs are checked against these classes by the tests that compare registered sets, not by the compiler.
/* eslint-disable-next-line @typescript-eslint/no-explicit-any */
type ResourceClass = { new (name: string, args: any, opts?: pulumi.CustomResourceOptions): pulumi.CustomResource };

const CLASSES: Record<string, ResourceClass> = Object.fromEntries(
  [
    ...[DefaultSecurityGroup, EbsAttachment, EbsVolume, Eip, EipAssociation, Instance, InternetGateway],
    ...[NetworkInterface, Parameter, Route, RouteTable, RouteTableAssociation, Route53Record, SecurityGroup],
    ...[Subnet, Vpc, DnsRecord, Droplet, Firewall, ReservedIp, ReservedIpAssignment, SshKey, Volume, VolumeAttachment],
  ].map((c) => [(c as unknown as { __pulumiType: string }).__pulumiType, c as unknown as ResourceClass]),
);

/** Registers resources in their order, each a child of `parent`, and gives them by key. */
export function register(
  parent: pulumi.Resource,
  planned: PlannedResource[],
  given: Record<string, pulumi.Input<unknown> | undefined> = {},
): Registered {
  const made = new Map<string, pulumi.CustomResource>();
  const find = (key: string): pulumi.CustomResource => {
    const resource = made.get(key);
    if (!resource) throw new Error(`planned resources are out of order: ${key} is not registered yet`);
    return resource;
  };
  const read = (ref: OutputRef): pulumi.Output<unknown> => {
    const value = (find(ref.ref) as unknown as Record<string, pulumi.Output<unknown>>)[ref.output];
    if (!value) throw new Error(`${ref.ref} has no output ${ref.output}`);
    return ref.number ? value.apply((id) => Number(id)) : value;
  };
  const resolve = (value: Planned): unknown => {
    if (value === undefined || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(resolve);
    if (isOutputRef(value)) return read(value);
    if (isGivenRef(value)) return given[value.given];
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, resolve(v)]));
  };
  for (const resource of planned) {
    const Class = CLASSES[resource.type];
    if (!Class) throw new Error(`no class for ${resource.type}`);
    made.set(
      resource.key,
      // Why an option is set is said where it is planned: render/digitalocean.ts and render/aws.ts.
      new Class(resource.name, resolve(resource.inputs), {
        ...resource.options,
        parent,
        dependsOn: resource.dependsOn.map(find),
      }),
    );
  }
  return { read: (ref) => read(ref) as pulumi.Output<string>, find };
}

export interface Registered {
  read: (ref: OutputRef) => pulumi.Output<string>;
  find: (key: string) => pulumi.CustomResource;
}

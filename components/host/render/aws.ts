// A host on AWS, as planned resources.
import { BACKUP_TAG } from "../../eks/render/addons";
import { inbound } from "./digitalocean";
import { shipHost } from "./edge";
import type { HostPlace } from "./place";
import { KEEP, output, type Planned, type PlannedHost, type PlannedResource } from "./resources";
import type { HostSettings } from "./settings";

const type = (module: string, file: string, name: string): string => `aws:${module}/${file}:${name}`;

const subnetKey = (zone: string): string => `subnet-${zone}`;

/** A network of public subnets, one a zone: free of charge, and all a host with its own address needs. */
export function networkResources(
  name: string,
  place: { region: string; zones: string[]; cidr: string; tags: Record<string, string> },
): PlannedResource[] {
  const { region } = place;
  const named = (suffix: string) => ({ ...place.tags, Name: `${name}-${suffix}` });
  const resource = (key: string, token: string, suffix: string, inputs: Record<string, Planned>): PlannedResource => ({
    key,
    type: token,
    name: `${name}-${suffix}`,
    inputs: { region, ...inputs },
    options: {},
    dependsOn: [],
  });
  const prefix = place.cidr.split(".").slice(0, 2).join(".");
  return [
    resource("vpc", type("ec2", "vpc", "Vpc"), "vpc", {
      cidrBlock: place.cidr,
      enableDnsHostnames: true,
      enableDnsSupport: true,
      tags: named("vpc"),
    }),
    // Without rules the default group lets nothing through to whoever forgets to choose one.
    resource("default-group", type("ec2", "defaultSecurityGroup", "DefaultSecurityGroup"), "default-group", {
      vpcId: output("vpc"),
      tags: named("default-closed"),
    }),
    resource("gateway", type("ec2", "internetGateway", "InternetGateway"), "gateway", {
      vpcId: output("vpc"),
      tags: named("gateway"),
    }),
    resource("routes", type("ec2", "routeTable", "RouteTable"), "routes", {
      vpcId: output("vpc"),
      tags: named("routes"),
    }),
    resource("route", type("ec2", "route", "Route"), "route", {
      routeTableId: output("routes"),
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: output("gateway"),
    }),
    ...place.zones.flatMap((zone) => [
      resource(subnetKey(zone), type("ec2", "subnet", "Subnet"), `subnet-${zone}`, {
        vpcId: output("vpc"),
        availabilityZone: zone,
        // The zone's letter gives its range, so that adding a zone moves no other.
        cidrBlock: `${prefix}.${zone.charCodeAt(zone.length - 1) - 97}.0/24`,
        mapPublicIpOnLaunch: false,
        tags: named(zone),
      }),
      resource(
        `association-${zone}`,
        type("ec2", "routeTableAssociation", "RouteTableAssociation"),
        `association-${zone}`,
        { subnetId: output(subnetKey(zone)), routeTableId: output("routes") },
      ),
    ]),
  ];
}

export const HOST_NETWORK_CIDR = "10.77.0.0/16";

export function awsHost(
  place: HostPlace,
  settings: HostSettings,
  userData: { userData?: string; userDataBase64?: string },
): PlannedHost {
  const { name } = settings;
  const { region } = place;
  const zone = place.zone ?? `${region}a`;
  const tags = (suffix: string) => ({ ...place.tags, Name: `${name}-${suffix}` });
  const network = place.sharedNetwork
    ? []
    : networkResources(name, { region, zones: [zone], cidr: HOST_NETWORK_CIDR, tags: place.tags });
  const vpcId: Planned = place.sharedNetwork ? { given: "vpcId" } : output("vpc");
  const subnetId: Planned = place.sharedNetwork ? { given: "subnetId" } : output(subnetKey(zone));

  const claims = settings.ships.map((ship): PlannedResource => ({
    key: `claim-${ship.id}`,
    type: type("ssm", "parameter", "Parameter"),
    name: `${name}-claim-${ship.id}`,
    inputs: {
      region: place.claimRegion,
      name: `/roadstead/claims/${ship.id}`,
      type: "String",
      // Not a secret: whoever meets a refused claim should read who holds it.
      insecureValue: JSON.stringify({ ship: ship.id, holder: place.holder, host: name }),
      description: "Whoever holds this runs the ship. Deleting it allows a second copy.",
      // false: an existing claim refuses this one, which is what it is for.
      overwrite: false,
      tags: tags(`claim-${ship.id}`),
    },
    // A claim that goes away with its stack would allow a second copy of the ship.
    options: { ...KEEP },
    dependsOn: [],
  }));

  const resources: PlannedResource[] = [
    ...network,
    ...claims,
    {
      key: "group",
      type: type("ec2", "securityGroup", "SecurityGroup"),
      name: `${name}-group`,
      inputs: {
        region,
        description: `Host ${name}`,
        vpcId,
        ingress: inbound(place, settings).map((r) => {
          const icmp = r.protocol === "icmp";
          return {
            // Type 3 code 4 keeps path MTU discovery working; nothing else is needed from outside.
            description: r.why,
            protocol: r.protocol,
            fromPort: icmp ? 3 : (r.port ?? 0),
            toPort: icmp ? 4 : (r.port ?? 0),
            cidrBlocks: r.from.filter((c) => !c.includes(":")),
            ...(icmp ? {} : { ipv6CidrBlocks: r.from.filter((c) => c.includes(":")) }),
          };
        }),
        egress: [
          {
            description: "Peers, updates and backups: what a host asks for is not known beforehand",
            protocol: "-1",
            fromPort: 0,
            toPort: 0,
            cidrBlocks: ["0.0.0.0/0"],
            ipv6CidrBlocks: ["::/0"],
          },
        ],
        tags: tags("group"),
      },
      options: {},
      dependsOn: [],
    },
    {
      key: "volume",
      type: type("ebs", "volume", "Volume"),
      name: `${name}-volume`,
      inputs: {
        region,
        availabilityZone: zone,
        size: place.volumeGiB,
        type: "gp3",
        // EBS with the account's KMS key is this host's encryption of piers.
        encrypted: true,
        tags: { ...tags("volume"), ...(place.backupTag === undefined ? {} : { [BACKUP_TAG]: place.backupTag }) },
      },
      // The piers: never destroyed with the stack, never replaced.
      options: { ...KEEP },
      dependsOn: [],
    },
    {
      key: "interface",
      type: type("ec2", "networkInterface", "NetworkInterface"),
      name: `${name}-interface`,
      inputs: { region, subnetId, securityGroups: [output("group")], tags: tags("interface") },
      options: {},
      dependsOn: [],
    },
    {
      key: "address",
      type: type("ec2", "eip", "Eip"),
      name: `${name}-address`,
      inputs: { region, domain: "vpc", tags: tags("address") },
      options: {},
      dependsOn: network.length ? ["gateway"] : [],
    },
    {
      key: "assignment",
      type: type("ec2", "eipAssociation", "EipAssociation"),
      name: `${name}-address-assignment`,
      // The address is on the interface before the host starts, so that it can set itself up, and outlives the host.
      inputs: { region, allocationId: output("address"), networkInterfaceId: output("interface") },
      options: {},
      dependsOn: [],
    },
    {
      key: "instance",
      type: type("ec2", "instance", "Instance"),
      name: `${name}-instance`,
      inputs: {
        region,
        ami: place.image,
        instanceType: place.size,
        primaryNetworkInterface: { networkInterfaceId: output("interface") },
        ...userData,
        userDataReplaceOnChange: false,
        // One hop and tokens only: no container and no tricked web server reads the metadata.
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        rootBlockDevice: { volumeType: "gp3", volumeSize: place.rootDiskGiB, encrypted: true, tags: tags("root") },
        tags: tags("host"),
      },
      options: {
        // Read at creation only; a new image or text would replace a host that is fine.
        ignoreChanges: ["userData", "userDataBase64", "ami"],
        // Two hosts at once could run one ship twice: the old one is gone before the new one comes.
        deleteBeforeReplace: true,
      },
      // Nothing that could run a ship is made before its claim is; a host without a route could not set itself up.
      dependsOn: [
        ...claims.map((c) => c.key),
        "assignment",
        ...(network.length ? ["route", `association-${zone}`] : []),
      ],
    },
    {
      key: "attachment",
      type: type("ec2", "volumeAttachment", "VolumeAttachment"),
      name: `${name}-volume-attachment`,
      inputs: {
        region,
        deviceName: "/dev/sdf",
        instanceId: output("instance"),
        volumeId: output("volume"),
        // A volume pulled from under a running ship costs it its last events.
        stopInstanceBeforeDetaching: true,
      },
      // A volume is on one instance at a time: it must leave the old one first.
      options: { deleteBeforeReplace: true },
      dependsOn: [],
    },
    ...records(place, settings),
  ];
  return {
    resources,
    address: output("address", "publicIp"),
    claims: Object.fromEntries(settings.ships.map((s) => [s.id, output(`claim-${s.id}`)])),
    readyWhen: ["attachment", "assignment"],
  };
}

function records(place: HostPlace, settings: HostSettings): PlannedResource[] {
  const { domain } = settings;
  if (!domain || !place.zoneId) return [];
  const zoneId = place.zoneId;
  return settings.ships.map((ship) => ({
    key: `dns-${ship.id}`,
    type: type("route53", "record", "Record"),
    name: `${settings.name}-dns-${ship.id}`,
    inputs: {
      zoneId,
      name: shipHost(ship.id, domain),
      type: "A",
      ttl: 300,
      records: [output("address", "publicIp")],
    },
    options: {},
    dependsOn: [],
  }));
}

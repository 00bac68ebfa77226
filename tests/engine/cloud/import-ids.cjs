// What an import is asked by, where it is not the id of the state: `## Import` in @pulumi/aws 7.48.0 and
// @pulumi/digitalocean 4.80.1. On AWS `@<region>` follows it ("Enhanced Region Support").
const IMPORT_IDS = {
  "aws:ec2/route:Route": (i) => `${i.routeTableId}_${i.destinationCidrBlock}`,
  "aws:ec2/routeTableAssociation:RouteTableAssociation": (i) => `${i.subnetId}/${i.routeTableId}`,
  "aws:ec2/volumeAttachment:VolumeAttachment": (i) => `${i.deviceName}:${i.volumeId}:${i.instanceId}`,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (i) => `${i.role}/${i.policyArn}`,
  "digitalocean:index/certificate:Certificate": (i) => i.name,
  "digitalocean:index/dnsRecord:DnsRecord": (i, id) => `${i.domain},${id}`,
  "digitalocean:index/reservedIpAssignment:ReservedIpAssignment": (i) => `${i.ipAddress},${i.dropletId}`,
  "digitalocean:index/spacesBucket:SpacesBucket": (i) => `${i.region},${i.name}`,
};

/** S3 keeps each setting of a bucket under the bucket's own name. */
const ofBucket = (type) => /^aws:s3\/bucket[A-Z]/.test(type);

function importedAs(objects, scope, type, asked) {
  const idOf = IMPORT_IDS[type] ?? (ofBucket(type) ? (i) => i.bucket : (_i, id) => id);
  const asks = ({ inputs, id }) => {
    const known = idOf(inputs, id);
    const region = inputs.region;
    return asked === known || (type.startsWith("aws:") && region !== undefined && asked === `${known}@${region}`);
  };
  return objects.find((o) => o.scope === scope && o.type === type && asks(o)) ?? null;
}

module.exports = { importedAs };

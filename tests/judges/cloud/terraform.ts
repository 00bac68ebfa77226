// Resources of @pulumi/aws and @pulumi/digitalocean as the Terraform that checkov reads. Both packages are bridged from the
// Terraform providers, so a name is the same but for its case, plurals, and blocks that may stand once.

type Value = unknown;

/** Modules whose name is part of the Terraform type, and those whose name is not. */
const NAMED = ["acm", "cloudwatch", "dlm", "ebs", "eks", "iam", "kms", "lb", "route53", "s3", "ssm", "vpc"];
const UNNAMED = ["ec2", "index"];
const RENAMED: Record<string, string> = {
  "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
  "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "aws_s3_bucket_replication_configuration",
};

export const isTranslated = (type: string): boolean => /^(aws|digitalocean):/.test(type) && !type.startsWith("pulumi:");

/** `aws:ec2/vpc:Vpc` is aws_vpc, `aws:iam/role:Role` is aws_iam_role. */
export function terraformType(type: string): string {
  if (RENAMED[type]) return RENAMED[type];
  const [provider, place] = type.split(":");
  const [module, name] = place!.split("/") as [string, string];
  // A resource under a name that Terraform has not would be judged by nobody.
  if (![...NAMED, ...UNNAMED].includes(module)) throw new Error(`${type}: what is it called at Terraform?`);
  return [provider, ...(UNNAMED.includes(module) ? [] : [module]), snake(name)].join("_");
}

/** A reference to a resource, such as `aws_vpc.prod`. */
export const address = (type: string, name: string): string => `${terraformType(type)}.${label(name)}`;

const label = (name: string): string => name.replace(/[^A-Za-z0-9_-]/g, "_");
const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** Free keys, chosen by whoever writes them; every other object is a block. */
const MAPS = /(^tags|Tags|^labels|ToAdd|tagsAll)$/;
/** Blocks that Pulumi names as the provider does; the others it gives a plural. */
const SAME_NUMBER = new Set(["ingress", "egress", "blockDeviceMappings", "tagSpecifications"]);

/** One `resource` of a .tf file. */
export function hcl({ type, name, inputs }: { type: string; name: string; inputs: Record<string, Value> }): string {
  return `resource "${terraformType(type)}" "${label(name)}" {\n${body(inputs, "  ")}}\n`;
}

function body(object: Record<string, Value>, indent: string): string {
  return Object.entries(object)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => {
      if (isObject(value) && !MAPS.test(key)) return block(snake(key), value, indent);
      if (Array.isArray(value) && value.some(isObject))
        return value.map((v) => block(snake(singular(key)), v as Record<string, Value>, indent)).join("");
      return `${indent}${snake(key)} = ${expression(value)}\n`;
    })
    .join("");
}

const block = (name: string, object: Record<string, Value>, indent: string): string =>
  `${indent}${name} {\n${body(object, `${indent}  `)}${indent}}\n`;

function singular(key: string): string {
  if (SAME_NUMBER.has(key)) return key;
  return key.replace(/ies$/, "y").replace(/s$/, "");
}

function expression(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(expression).join(", ")}]`;
  if (isObject(value)) {
    const entries = Object.entries(value).map(([k, v]) => `${JSON.stringify(k)} = ${expression(v)}`);
    return `{ ${entries.join(", ")} }`;
  }
  if (typeof value === "string") return policy(value) ?? text(value);
  return String(value);
}

/** A policy document as people write one: as text with escaped quotes checkov would not look into it. */
function policy(value: string): string | null {
  if (!/^\{.*"Statement"/s.test(value)) return null;
  return `jsonencode(${expression(JSON.parse(value))})`;
}

const REFERENCE = /\$\{(?!(?:aws|digitalocean)_\w+\.[\w-]+\.\w+\})/g;
const text = (value: string): string => JSON.stringify(value.replace(REFERENCE, "$$${").replace(/%\{/g, "%%{"));

const isObject = (value: Value): value is Record<string, Value> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

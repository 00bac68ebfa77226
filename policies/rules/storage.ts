// Buckets: versioned, encrypted, private, reached by TLS only.
import { each, get, list, type PolicyResource, type PolicyStack, type Rule, Undecided } from "./resource";

const BUCKETS = ["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"];
const SPACE = "digitalocean:index/spacesBucket:SpacesBucket";
const isBucket = (r: PolicyResource): boolean => BUCKETS.includes(r.type);

/** The resource of a type that belongs to a bucket: it waits for the bucket, since it needs the bucket's name. */
function of(bucket: PolicyResource, stack: PolicyStack, ...types: string[]): PolicyResource[] {
  return stack.ofType(...types).filter((r) => r.dependsOn.includes(bucket.urn));
}

const configuration = (suffix: string): string[] => {
  const capital = suffix[0]!.toUpperCase() + suffix.slice(1);
  return [`aws:s3/bucket${capital}:Bucket${capital}`, `aws:s3/bucket${capital}V2:Bucket${capital}V2`];
};

export const STORAGE_RULES: Rule[] = [
  {
    name: "bucket-versioned",
    description: "Buckets keep earlier versions: what is overwritten or deleted can be had again.",
    severity: "high",
    level: "mandatory",
    scope: "stack",
    applies: isBucket,
    *check(bucket, stack) {
      const found = of(bucket, stack, ...configuration("versioning"));
      if (!found.some((v) => get(v.props, "versioningConfiguration.status") === "Enabled"))
        yield "versioning is not enabled";
    },
  },
  {
    name: "bucket-encrypted",
    description: "Buckets are encrypted with a key of the account; those S3 writes access logs to, with S3's own.",
    severity: "high",
    level: "mandatory",
    scope: "stack",
    applies: isBucket,
    *check(bucket, stack) {
      const found = of(bucket, stack, ...configuration("serverSideEncryptionConfiguration"));
      const algorithms = found.flatMap((e) =>
        list(e.props, "rules").map((rule) => get(rule, "applyServerSideEncryptionByDefault.sseAlgorithm")),
      );
      if (algorithms.some((a) => a === "aws:kms" || a === "aws:kms:dsse")) return;
      // S3 delivers access logs to no bucket that encrypts under another key than its own.
      if (algorithms.includes("AES256") && takesAccessLogs(bucket, stack)) return;
      yield "encryption with a KMS key is not configured";
    },
  },
  {
    name: "bucket-private",
    description: "No bucket can be made public.",
    severity: "critical",
    level: "mandatory",
    scope: "stack",
    applies: isBucket,
    *check(bucket, stack) {
      const found = of(bucket, stack, ...configuration("publicAccessBlock"));
      const switches = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];
      if (found.length === 0) yield "public access is not blocked";
      for (const block of found) for (const s of switches) if (get(block.props, s) !== true) yield `${s} is not true`;
    },
  },
  {
    name: "bucket-tls-only",
    description: "Buckets refuse requests that are not encrypted on the way.",
    severity: "high",
    level: "mandatory",
    scope: "stack",
    applies: isBucket,
    *check(bucket, stack) {
      const policies = of(bucket, stack, ...configuration("policy"));
      if (policies.length === 0) yield "no bucket policy denies plain HTTP";
      yield* each(policies, function* (p) {
        const policy = get(p.props, "policy");
        if (!deniesPlainHttp(typeof policy === "string" ? JSON.parse(policy) : policy))
          yield "its policy allows plain HTTP";
      });
    },
  },
  {
    name: "space-private-and-versioned",
    description: "Spaces buckets are private and keep earlier versions.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: (r) => r.type === SPACE,
    *check(r) {
      const acl = get(r.props, "acl") ?? "private";
      if (acl !== "private") yield `acl is ${String(acl)}`;
      if (get(r.props, "versioning.enabled") !== true) yield "versioning is not enabled";
    },
  },
];

/** Whether its policy lets S3's log delivery, and nobody else, write into it. */
function takesAccessLogs(bucket: PolicyResource, stack: PolicyStack): boolean {
  return of(bucket, stack, ...configuration("policy")).some((p) => {
    const policy = get(p.props, "policy");
    const allowed = list(typeof policy === "string" ? JSON.parse(policy) : policy, "Statement").filter(
      (statement) => get(statement, "Effect") === "Allow",
    );
    const arn = get(bucket.props, "arn");
    // Which bucket the policy speaks of shows only once the bucket has its address.
    if (arn === undefined) throw new Undecided("arn");
    return (
      allowed.length > 0 &&
      allowed.every(
        (statement) =>
          get(statement, "Principal.Service") === "logging.s3.amazonaws.com" &&
          get(statement, "Resource") === `${String(arn)}/*`,
      )
    );
  });
}

function deniesPlainHttp(policy: unknown): boolean {
  return list(policy, "Statement").some((statement) => {
    const condition = (get(statement, "Condition.Bool") ?? {}) as Record<string, unknown>;
    return get(statement, "Effect") === "Deny" && String(condition["aws:SecureTransport"]) === "false";
  });
}

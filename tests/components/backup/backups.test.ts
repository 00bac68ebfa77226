import fc from "fast-check";
import { Backups, type BackupsArgs, SNAPSHOT_INTERVALS, snapshotSchedule } from "../../../components/backup";
import { acceptAccessLogs } from "../../../components/backup/render/documents";
import type { ArgumentsRefused } from "../../../components/refusal";
import { asUp, preview, strays, up } from "../eks/record";

const AWS: BackupsArgs = {
  provider: "aws",
  region: "us-west-2",
  drRegion: "us-east-1",
  everyHours: 24,
  retentionDays: 30,
  backupTag: "prod",
};
const build =
  (overrides: Partial<BackupsArgs> = {}) =>
  () =>
    new Backups("prod", { ...AWS, ...overrides });
const vault = (name: string) => [
  `aws:kms/key:Key ${name}-key`,
  `aws:s3/bucket:Bucket ${name}-bucket`,
  `aws:s3/bucketVersioning:BucketVersioning ${name}-bucket`,
  `aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration ${name}-bucket`,
  `aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock ${name}-bucket`,
  `aws:s3/bucketOwnershipControls:BucketOwnershipControls ${name}-bucket`,
  `aws:s3/bucketPolicy:BucketPolicy ${name}-bucket`,
  `aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration ${name}-bucket`,
  `aws:s3/bucketLogging:BucketLogging ${name}-bucket`,
  `aws:s3/bucket:Bucket ${name}-logs`,
  `aws:s3/bucketVersioning:BucketVersioning ${name}-logs`,
  `aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration ${name}-logs`,
  `aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock ${name}-logs`,
  `aws:s3/bucketOwnershipControls:BucketOwnershipControls ${name}-logs`,
  `aws:s3/bucketPolicy:BucketPolicy ${name}-logs`,
  `aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration ${name}-logs`,
];
const SNAPSHOTS = [
  "aws:iam/role:Role prod-snapshots",
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment prod-snapshots",
  "aws:dlm/lifecyclePolicy:LifecyclePolicy prod-snapshots",
];
const refusedPaths = (make: () => unknown): string[] => {
  try {
    make();
  } catch (error) {
    return (error as ArgumentsRefused).problems.map((p) => p.path);
  }
  return [];
};

describe("Backups on AWS", () => {
  test("make exactly this in one region", async () => {
    const made = await preview(build({ drRegion: null }));
    expect(made.set).toEqual(["roadstead:index:Backups prod", ...vault("prod"), ...SNAPSHOTS].sort());
    expect(strays(made, made.one("roadstead:index:Backups"))).toEqual([]);
    expect(made.one("roadstead:index:Backups").inputs).toEqual({});
  });

  test("make exactly this with a second region", async () => {
    const made = await preview(build());
    expect(made.set).toEqual(
      [
        "roadstead:index:Backups prod",
        ...vault("prod"),
        ...vault("prod-dr"),
        ...SNAPSHOTS,
        "aws:iam/rolePolicy:RolePolicy prod-snapshots-copy",
        "aws:iam/role:Role prod-replication",
        "aws:iam/rolePolicy:RolePolicy prod-replication",
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig prod-replication",
      ].sort(),
    );
  });

  test.each([{}, { drRegion: null }, { objectLock: true }, { snapshots: false }])(
    "register the same at preview and at up: %j",
    async (overrides) => {
      expect(await up(build(overrides))).toEqual((await preview(build(overrides))).set);
    },
  );

  test("put each copy into the region it is for", async () => {
    const made = await preview(build());
    const region = (name: string) =>
      new Set(
        made.resources.filter((r) => r.type.startsWith("aws:s3/bucket") && r.name === name).map((r) => r.inputs.region),
      );
    expect(region("prod-bucket")).toEqual(new Set(["us-west-2"]));
    expect(region("prod-dr-bucket")).toEqual(new Set(["us-east-1"]));
    expect(made.one("aws:kms/key:Key", "prod-dr-key").inputs.region).toBe("us-east-1");
  });

  test("keep bucket and key from being deleted, unless told otherwise", async () => {
    const protectedOnes = async (protect?: boolean) =>
      (await preview(build({ protect }))).resources
        .filter((r) => r.options.protect === true)
        .map((r) => `${r.type} ${r.name}`);
    expect((await protectedOnes()).sort()).toEqual([
      "aws:kms/key:Key prod-dr-key",
      "aws:kms/key:Key prod-key",
      "aws:s3/bucket:Bucket prod-bucket",
      "aws:s3/bucket:Bucket prod-dr-bucket",
      "aws:s3/bucket:Bucket prod-dr-logs",
      "aws:s3/bucket:Bucket prod-logs",
    ]);
    expect(await protectedOnes(false)).toEqual([]);
  });

  test("keep the bucket private, versioned, encrypted under a rotated key, and old versions for ninety days", async () => {
    const made = await preview(build({ drRegion: null }));
    expect(made.one("aws:kms/key:Key").inputs.enableKeyRotation).toBe(true);
    for (const name of ["prod-bucket", "prod-logs"]) {
      expect(made.one("aws:s3/bucketVersioning:BucketVersioning", name).inputs).toMatchObject({
        versioningConfiguration: { status: "Enabled" },
      });
      expect(made.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", name).inputs).toMatchObject({
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      });
    }
    const algorithm = (name: string) =>
      made.one("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", name).inputs
        .rules as { applyServerSideEncryptionByDefault: { sseAlgorithm: string } }[];
    expect(algorithm("prod-bucket")[0]!.applyServerSideEncryptionByDefault.sseAlgorithm).toBe("aws:kms");
    // S3 delivers access logs to no bucket under another key than its own.
    expect(algorithm("prod-logs")[0]!.applyServerSideEncryptionByDefault.sseAlgorithm).toBe("AES256");
    const [rule] = made.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "prod-bucket").inputs
      .rules as object[];
    expect(rule).toMatchObject({
      transitions: [{ days: 30, storageClass: "STANDARD_IA" }],
      noncurrentVersionExpiration: { noncurrentDays: 90 },
    });
  });

  test("lock objects only when asked, in both regions", async () => {
    const locks = async (objectLock: boolean) => {
      const made = await preview(build({ objectLock }));
      return [
        made.all("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").map((r) => r.name),
        made
          .all("aws:s3/bucket:Bucket")
          .filter((r) => r.inputs.objectLockEnabled === true)
          .map((r) => r.name),
      ];
    };
    expect(await locks(false)).toEqual([[], []]);
    // Never the one for access logs: S3 delivers to no bucket with a lock.
    expect(await locks(true)).toEqual([
      ["prod-bucket", "prod-dr-bucket"],
      ["prod-bucket", "prod-dr-bucket"],
    ]);
  });

  test("write down who asked for what, in each region, for as long as backups are kept", async () => {
    const made = await preview(build({ retentionDays: 400, everyHours: 24 }));
    for (const name of ["prod", "prod-dr"]) {
      const logging = made.one("aws:s3/bucketLogging:BucketLogging", `${name}-bucket`);
      const logs = made.one("aws:s3/bucket:Bucket", `${name}-logs`);
      expect(logs.inputs.region).toBe(logging.inputs.region);
      expect(made.waits(logging, made.one("aws:s3/bucketPolicy:BucketPolicy", `${name}-logs`))).toBe(true);
      expect(made.waits(logging, made.one("aws:s3/bucket:Bucket", `${name}-bucket`))).toBe(true);
      expect(
        made.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", `${name}-logs`).inputs.rules,
      ).toMatchObject([{ expiration: { days: 400 } }]);
    }
  });

  test("let S3 alone write access logs, of the one bucket, and over TLS only", () => {
    const policy = JSON.parse(acceptAccessLogs("arn:aws:s3:::logs", "arn:aws:s3:::backups")) as {
      Statement: Record<string, unknown>[];
    };
    expect(policy.Statement.filter((s) => s.Effect === "Allow")).toEqual([
      {
        Sid: "AccessLogs",
        Effect: "Allow",
        Principal: { Service: "logging.s3.amazonaws.com" },
        Action: "s3:PutObject",
        Resource: "arn:aws:s3:::logs/*",
        Condition: { ArnLike: { "aws:SourceArn": "arn:aws:s3:::backups" } },
      },
    ]);
    expect(policy.Statement).toContainEqual(
      expect.objectContaining({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
    );
  });

  test("snapshot the tagged volumes, and copy every snapshot to the second region for as long", async () => {
    const made = await preview(build({ everyHours: 5 }));
    const details = made.one("aws:dlm/lifecyclePolicy:LifecyclePolicy").inputs.policyDetails as Record<string, unknown>;
    expect(details).toMatchObject({
      resourceTypes: ["VOLUME"],
      targetTags: { "roadstead.dev/backup": "prod" },
      schedules: [
        {
          createRule: { interval: 4, intervalUnit: "HOURS" },
          retainRule: { count: 180 },
          crossRegionCopyRules: [
            { target: "us-east-1", encrypted: true, retainRule: { interval: 30, intervalUnit: "DAYS" } },
          ],
        },
      ],
    });
  });

  test("replicate only between versioned buckets, and no deletions", async () => {
    const made = await preview(build());
    const replication = made.one("aws:s3/bucketReplicationConfig:BucketReplicationConfig");
    for (const name of ["prod-bucket", "prod-dr-bucket"]) {
      expect(made.waits(replication, made.one("aws:s3/bucketVersioning:BucketVersioning", name))).toBe(true);
    }
    expect(replication.inputs.rules).toMatchObject([{ deleteMarkerReplication: { status: "Disabled" } }]);
  });
});

describe("Backups on DigitalOcean", () => {
  const spaces = (overrides: Partial<BackupsArgs> = {}) =>
    build({ provider: "digitalocean", region: "nyc3", drRegion: null, ...overrides });

  test("are one private, versioned, protected bucket", async () => {
    const made = await preview(spaces());
    expect(made.set).toEqual([
      "digitalocean:index/spacesBucket:SpacesBucket prod-bucket",
      "roadstead:index:Backups prod",
    ]);
    const bucket = made.one("digitalocean:index/spacesBucket:SpacesBucket");
    expect(bucket.inputs).toMatchObject({ region: "nyc3", acl: "private", versioning: { enabled: true } });
    expect(bucket.options.protect).toBe(true);
    expect(await up(spaces())).toEqual(made.set);
  });

  test("lie in the second region when there is one", async () => {
    const made = await preview(spaces({ drRegion: "sfo3" }));
    expect(made.one("digitalocean:index/spacesBucket:SpacesBucket").inputs.region).toBe("sfo3");
  });
});

describe("Backups", () => {
  test("have no way to start a ship from a snapshot", async () => {
    await asUp();
    for (const key of ["restoreFrom", "snapshotId", "fromSnapshot", "startShip"]) {
      expect(refusedPaths(() => new Backups("prod", { ...AWS, [key]: "snap-1" }))).toEqual([key]);
    }
  });

  test("say what restoring means", async () => {
    const said: string[] = [];
    await up(() => void build()().restoring.apply((text) => said.push(text)));
    expect(said.join()).toContain("breach");
  });

  test("refuse all that is wrong at once", async () => {
    await asUp();
    expect(refusedPaths(build({ everyHours: 0.5, retentionDays: 0, drRegion: "us-west-2" }))).toEqual([
      "everyHours",
      "retentionDays",
      "drRegion",
    ]);
    expect(refusedPaths(build({ everyHours: 1, retentionDays: 365 }))).toEqual(["everyHours"]);
    expect(refusedPaths(build({ provider: "digitalocean", objectLock: true }))).toEqual(["objectLock"]);
  });

  test("never snapshot less often than asked, nor keep fewer days than asked", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 400 }), (everyHours, retentionDays) => {
        const schedule = snapshotSchedule(everyHours, retentionDays);
        if (schedule === null) return;
        expect(SNAPSHOT_INTERVALS).toContain(schedule.intervalHours);
        expect(schedule.intervalHours).toBeLessThanOrEqual(everyHours);
        expect(schedule.keep * schedule.intervalHours).toBeGreaterThanOrEqual(retentionDays * 24);
        expect(schedule.keep).toBeLessThanOrEqual(1000);
      }),
    );
    expect(snapshotSchedule(24, 30)).toEqual({ intervalHours: 24, keep: 30, keepCopyDays: 30 });
  });
});

// IAM and bucket policies of the backups, as JSON.
import { policyJson, type Statement } from "../../eks/render/iam-documents";

const refusePlainHttp = (bucketArn: string): Statement => ({
  Sid: "RefusePlainHttp",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: [bucketArn, `${bucketArn}/*`],
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});

/** Refuses whoever asks without TLS. */
export function tlsOnly(bucketArn: string): string {
  return policyJson(refusePlainHttp(bucketArn));
}

/** Lets S3 write the access log of one bucket into another, and nothing else. */
export function acceptAccessLogs(logsArn: string, sourceArn: string): string {
  return policyJson(refusePlainHttp(logsArn), {
    Sid: "AccessLogs",
    Effect: "Allow",
    Principal: { Service: "logging.s3.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: `${logsArn}/*`,
    Condition: { ArnLike: { "aws:SourceArn": sourceArn } },
  });
}

export interface ReplicationEnds {
  sourceArn: string;
  sourceKeyArn: string;
  targetArn: string;
  targetKeyArn: string;
}

/** Lets S3 read objects here and write their copies there, under both keys. */
export function replicate(ends: ReplicationEnds): string {
  return policyJson(
    {
      Effect: "Allow",
      Action: ["s3:GetReplicationConfiguration", "s3:ListBucket"],
      Resource: ends.sourceArn,
    },
    {
      Effect: "Allow",
      Action: [
        "s3:GetObjectVersionForReplication",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionTagging",
        "s3:GetObjectRetention",
        "s3:GetObjectLegalHold",
      ],
      Resource: `${ends.sourceArn}/*`,
    },
    {
      Effect: "Allow",
      Action: ["s3:ReplicateObject", "s3:ReplicateTags"],
      Resource: `${ends.targetArn}/*`,
    },
    { Effect: "Allow", Action: "kms:Decrypt", Resource: ends.sourceKeyArn },
    { Effect: "Allow", Action: "kms:Encrypt", Resource: ends.targetKeyArn },
  );
}

/** Lets the snapshot schedule encrypt its copies with the key of the other region. */
export function copyUnderKey(keyArn: string): string {
  return policyJson(
    {
      Effect: "Allow",
      Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
      Resource: keyArn,
    },
    {
      Effect: "Allow",
      Action: ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
      Resource: keyArn,
      Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
    },
  );
}

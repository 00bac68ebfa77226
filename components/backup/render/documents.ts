// IAM and bucket policies of the backups, as JSON.
import { policyJson } from "../../eks/render/iam-documents";

/** Refuses whoever asks without TLS. */
export function tlsOnly(bucketArn: string): string {
  return policyJson({
    Sid: "RefusePlainHttp",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [bucketArn, `${bucketArn}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
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

// IAM policy documents of the cluster's parts, as plain objects: who may do what, in one place to read.

export interface Statement {
  Sid?: string;
  Effect: "Allow" | "Deny";
  Principal?: Record<string, string | string[]> | "*";
  Action: string | string[];
  Resource?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** A policy document's JSON. */
export function policyJson(...statements: Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** Lets one AWS service take a role. */
export function trustService(service: string, actions: string[] = ["sts:AssumeRole"]): string {
  return policyJson({ Effect: "Allow", Principal: { Service: service }, Action: actions });
}

/** Lets the EKS Pod Identity agent take a role for this service account alone: it writes namespace and name into the session's tags. */
export function trustPodIdentityOf(namespace: string, serviceAccount: string): string {
  return policyJson({
    Effect: "Allow",
    Principal: { Service: "pods.eks.amazonaws.com" },
    Action: ["sts:AssumeRole", "sts:TagSession"],
    Condition: {
      StringEquals: {
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": serviceAccount,
      },
    },
  });
}

/** Lets tokens of one service account take a role, and only those issued for AWS: without `aud` a token made for anything else would do. */
export function trustWebIdentityOf(
  providerArn: string,
  issuer: string,
  namespace: string,
  serviceAccount: string,
): string {
  const host = issuer.replace(/^https:\/\//, "");
  return policyJson({
    Effect: "Allow",
    Principal: { Federated: providerArn },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: {
      StringEquals: {
        [`${host}:sub`]: `system:serviceaccount:${namespace}:${serviceAccount}`,
        [`${host}:aud`]: STS_AUDIENCE,
      },
    },
  });
}

/** Whom a token for AWS is issued to. */
export const STS_AUDIENCE = "sts.amazonaws.com";

/** A key's policy: the account administers it, and CloudWatch Logs may use it for log groups under one prefix only. */
export function keyPolicyForLogs(account: string, region: string, logGroupPrefix: string): string {
  return policyJson(
    {
      Sid: "AccountAdministersKey",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: "kms:*",
      Resource: "*",
    },
    {
      Sid: "LogsOfThisPrefixOnly",
      Effect: "Allow",
      Principal: { Service: `logs.${region}.amazonaws.com` },
      Action: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
      Resource: "*",
      Condition: {
        ArnLike: {
          "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${region}:${account}:log-group:${logGroupPrefix}*`,
        },
      },
    },
  );
}

/** What flow logs need: to write into one log group, and to find it, which can only be asked of all. */
export function writeLogGroup(logGroupArn: string): string {
  return policyJson(
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
      Resource: [logGroupArn, `${logGroupArn}:*`],
    },
    { Sid: "FindLogGroups", Effect: "Allow", Action: "logs:DescribeLogGroups", Resource: "*" },
  );
}

/** What the control plane needs of the key that encrypts Kubernetes secrets. */
export function useSecretsKey(keyArn: string): string {
  return policyJson({
    Effect: "Allow",
    Action: ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"],
    Resource: keyArn,
  });
}

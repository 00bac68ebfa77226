// Clusters and machines at AWS.
import { eksVersionNotice } from "../../planner/catalog/kubernetes-versions";
import { each, get, list, type PolicyResource, type Rule, Undecided } from "./resource";

const CLUSTER = "aws:eks/cluster:Cluster";
const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";
const INSTANCE = "aws:ec2/instance:Instance";
const VOLUME = "aws:ebs/volume:Volume";
const LOGS = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

const isType =
  (...types: string[]) =>
  (r: PolicyResource): boolean =>
    types.includes(r.type);

export const AWS_RULES: Rule[] = [
  {
    name: "eks-logs-all-types",
    description: "A cluster writes all five kinds of control plane logs.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: isType(CLUSTER),
    *check(r) {
      const types = list(r.props, "enabledClusterLogTypes");
      for (const type of LOGS) if (!types.includes(type)) yield `log type ${type} is off`;
    },
  },
  {
    name: "eks-secrets-encrypted",
    description: "A cluster's Secrets are encrypted with a key of the account.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: isType(CLUSTER),
    *check(r) {
      const config = get(r.props, "encryptionConfig");
      if (!list(config, "resources").includes("secrets")) yield "encryptionConfig does not name secrets";
      else if (get(config, "provider") === undefined) yield "encryptionConfig names no key";
    },
  },
  {
    name: "eks-version-supported",
    description: "A cluster's Kubernetes version is in standard support, for 60 days at least.",
    severity: "medium",
    level: "advisory",
    scope: "resource",
    applies: isType(CLUSTER),
    *check(r, stack) {
      const version = get(r.props, "version");
      if (typeof version !== "string") {
        yield "names no version: AWS would choose one";
        return;
      }
      const notice = eksVersionNotice(version, stack.today);
      if (notice === undefined) throw new Undecided(`the end of support of ${version}`);
      if (notice !== null) yield notice;
    },
  },
  {
    name: "node-metadata-protected",
    description: "Machines answer metadata requests with a session token only; cluster nodes not to containers.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: isType(TEMPLATE, INSTANCE),
    *check(r) {
      const options = get(r.props, "metadataOptions");
      if (get(options, "httpEndpoint") === "disabled") return;
      if (get(options, "httpTokens") !== "required") yield "metadataOptions.httpTokens is not required";
      const hops = get(options, "httpPutResponseHopLimit");
      if (r.type === TEMPLATE && hops !== 1)
        yield `metadataOptions.httpPutResponseHopLimit is ${String(hops ?? "not set")}, not 1`;
    },
  },
  {
    name: "ebs-encrypted",
    description: "Disks are encrypted.",
    severity: "high",
    level: "mandatory",
    scope: "resource",
    applies: isType(VOLUME, INSTANCE, TEMPLATE),
    *check(r) {
      if (r.type === VOLUME) {
        if (get(r.props, "encrypted") !== true) yield "the volume is not encrypted";
        return;
      }
      if (r.type === INSTANCE) {
        if (get(r.props, "rootBlockDevice.encrypted") !== true) yield "the root disk is not encrypted";
        yield* each(list(r.props, "ebsBlockDevices"), function* (d) {
          if (get(d, "encrypted") !== true) yield `disk ${String(get(d, "deviceName"))} is not encrypted`;
        });
        return;
      }
      yield* each(list(r.props, "blockDeviceMappings"), function* (d) {
        // AWS takes a boolean and a text here.
        if (String(get(d, "ebs.encrypted")) !== "true") yield `disk ${String(get(d, "deviceName"))} is not encrypted`;
      });
    },
  },
  {
    name: "kms-key-rotates",
    description: "Keys of the account are rotated each year.",
    severity: "medium",
    level: "mandatory",
    scope: "resource",
    applies: isType("aws:kms/key:Key"),
    *check(r) {
      const usage = get(r.props, "customerMasterKeySpec") ?? "SYMMETRIC_DEFAULT";
      if (usage === "SYMMETRIC_DEFAULT" && get(r.props, "enableKeyRotation") !== true)
        yield "enableKeyRotation is not true";
    },
  },
  {
    name: "log-group-retention",
    description: "Logs are kept for a stated time: neither for ever nor until somebody deletes them.",
    severity: "low",
    level: "advisory",
    scope: "resource",
    applies: isType("aws:cloudwatch/logGroup:LogGroup"),
    *check(r) {
      if (!get(r.props, "retentionInDays")) yield "retentionInDays is not set";
    },
  },
];

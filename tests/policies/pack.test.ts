// The pack as the engine sees it: same verdicts, its own way to say "not known yet".
import { unknownCheckingProxy, UnknownValueError } from "@pulumi/policy";
import { rules } from "../../policies/rules";
import { encryption, bucket, workload } from "./samples";

interface Served {
  name: string;
  enforcementLevel: string;
  validateResource?: (args: unknown, report: (message: string, urn?: string) => void) => void;
  validateStack?: (args: unknown, report: (message: string, urn?: string) => void) => void;
}
const mockServed: { name: string; policies: Served[] }[] = [];
jest.mock("@pulumi/policy", () => ({
  ...(jest.requireActual("@pulumi/policy") as object),
  PolicyPack: class {
    constructor(name: string, args: { policies: Served[] }) {
      mockServed.push({ name, ...args });
    }
  },
}));

const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
let policies: Served[];
beforeAll(() => {
  jest.requireActual("../../policies/index");
  policies = mockServed[0]!.policies;
});
const served = (rule: string) => policies.find((p) => p.name === `roadstead-${rule}`)!;

function said(rule: string, resource: typeof workload, props: Record<string, unknown>) {
  const messages: string[] = [];
  let error: unknown;
  try {
    served(rule).validateResource!(
      { ...resource, props: unknownCheckingProxy(props), opts: resource.options },
      (message) => messages.push(message),
    );
  } catch (caught) {
    error = caught;
  }
  return { messages, error };
}
const images = (...names: string[]) => ({
  metadata: workload.props.metadata,
  spec: { template: { spec: { containers: names.map((image, i) => ({ name: `c${i}`, image })) } } },
});

test("serves every rule once, at its level", () => {
  expect(policies.map((p) => [p.name, p.enforcementLevel])).toEqual(rules.map((r) => [`roadstead-${r.name}`, r.level]));
  expect(policies.every((p, i) => (rules[i]!.scope === "stack") === (p.validateStack !== undefined))).toBe(true);
});

test("reports a violation and nothing for what is in order", () => {
  expect(said("image-by-digest", workload, images("a:1"))).toEqual({
    messages: ["c0: a:1 has no digest"],
    error: undefined,
  });
  expect(said("image-by-digest", workload, images(`a@sha256:${"a".repeat(64)}`)).messages).toEqual([]);
});

test("an unknown value reaches the engine as its own error, and hides no violation before or behind it", () => {
  expect(said("image-by-digest", workload, images(UNKNOWN_TEXT)).error).toBeInstanceOf(UnknownValueError);
  expect(said("image-by-digest", workload, images("a:1", UNKNOWN_TEXT)).messages).toEqual(["c0: a:1 has no digest"]);
  expect(said("image-by-digest", workload, images(UNKNOWN_TEXT, "b:1")).messages).toEqual(["c1: b:1 has no digest"]);
});

test("sees relations by what a resource waits for", () => {
  const engine = (r: typeof bucket, dependencies: unknown[]) => ({
    ...r,
    props: unknownCheckingProxy(r.props),
    opts: r.options,
    dependencies,
    propertyDependencies: {},
  });
  const theBucket = engine(bucket, []);
  const run = (resources: unknown[]) => {
    const messages: string[] = [];
    served("bucket-encrypted").validateStack!({ resources }, (m, urn) => messages.push(`${m} ${urn}`));
    return messages;
  };
  expect(run([theBucket, engine(encryption, [theBucket])])).toEqual([]);
  expect(run([theBucket, engine(encryption, [])])).toEqual([
    `encryption with a KMS key is not configured ${bucket.urn}`,
  ]);
});

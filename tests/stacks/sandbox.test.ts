// A customer nobody trusts: from the wish to the pods of their ships and what their namespace allows.
import { checkRequirements, plan } from "../../planner";
import { build, named, wish } from "../planner/architecture/fixtures";
import { renderCell } from "../../components/fleet/render/cell";
import { renderTenant, tenantPlan } from "../../components/isolation/render/tenant";
import { cellContext, tenantsMade } from "../../stacks/cell-plan";

const ships = named([1, 2, 3]).map((s, n) => ({ ...s, customer: n === 1 ? "stranger" : "acme" }));
const sandbox = { runtimeClass: "gvisor", customers: ["stranger"] };
const wished = { ships: { named: ships }, existing: { sandbox } };

test("their ships' pods name the runtime class, and their namespace allows no other; nobody else's change", () => {
  const [stack] = build(wish(wished), "existing-cluster").stacks;
  const architecture = stack!.architecture;
  const strangers = architecture.tenants.filter((t) => t.runtimeClass !== undefined);
  expect(strangers.map((t) => [t.customer, t.runtimeClass])).toEqual([["stranger", "gvisor"]]);

  const cell = renderCell("c1", { ships: architecture.ships, context: cellContext(architecture), keys: new Set() });
  const classOf = cell
    .filter((r) => r.type.endsWith("StatefulSet"))
    .map((r) => {
      const { metadata, spec } = r.inputs as {
        metadata: { namespace: string };
        spec: { template: { spec: { runtimeClassName?: string } } };
      };
      return [metadata.namespace === strangers[0]!.id, spec.template.spec.runtimeClassName];
    });
  expect(classOf.sort()).toEqual([
    [false, undefined],
    [false, undefined],
    [true, "gvisor"],
  ]);
  const allows = tenantsMade(architecture).map((args) => {
    const [, namespace] = renderTenant(args.id, tenantPlan(args));
    const { annotations } = namespace!.inputs.metadata as { annotations: Record<string, string> };
    return [args.id === strangers[0]!.id, annotations["roadstead.dev/runtime-class"]];
  });
  expect(allows.sort()).toEqual([
    [false, ""],
    [true, "gvisor"],
  ]);
});

test("a lock without the wish has no trace of it", () => {
  const [stack] = build(wish({ ships: { named: ships } }), "existing-cluster").stacks;
  expect(JSON.stringify(stack!.architecture)).not.toContain("runtimeClass");
});

test("a customer no ship has is refused, with the nearest name", () => {
  const read = checkRequirements(
    { apiVersion: "roadstead/v1", ...wished, existing: { sandbox: { ...sandbox, customers: ["strangr"] } } },
    "wish.yaml",
  );
  expect(read.ok ? [] : read.problems).toMatchObject([
    { path: "existing.sandbox.customers[0]", received: '"strangr"', fix: "did you mean stranger?" },
  ]);
});

test("no cluster that Roadstead builds, and no host, is taken for it", () => {
  const read = checkRequirements({ apiVersion: "roadstead/v1", ...wished }, "wish.yaml");
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const { chosen, candidates } = plan(read.requirements);
  expect(chosen === null || chosen.startsWith("existing-cluster")).toBe(true);
  for (const candidate of candidates.filter((c) => c.mode !== "existing-cluster"))
    expect(`${candidate.id}: ${candidate.rejections.map((r) => r.limit).join()}`).toContain("a sandbox for customers");
});

import { requirementsSchema } from "../../planner";
import { roadstead, workspace } from "./fake-io";

const schema = async (what: string) => JSON.parse((await roadstead(workspace(), ["schema", what])).stdout);

test("the requirements' JSON Schema asks for ships only, knows every key and says what each means", async () => {
  const json = await schema("requirements");
  expect(json.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(json.required).toEqual(["ships"]);
  expect(json.additionalProperties).toBe(false);
  expect(Object.keys(json.properties).sort()).toEqual(Object.keys(requirementsSchema.shape).sort());
  expect(json.properties.sla.description).toMatch(/Availability/);
  expect(json.properties.platform.enum).toContain("groundseg");
});

test("plan and architecture have a schema too, each with its version", async () => {
  expect((await schema("plan")).properties.schema.const).toBe("roadstead/plan/1");
  expect((await schema("architecture")).properties.schema.const).toBe("roadstead/architecture/1");
});

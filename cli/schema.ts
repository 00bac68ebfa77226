// `roadstead schema`: the contracts as JSON Schema, for editors and other tools.
import { z } from "zod";
import { architectureSchema } from "../planner/architecture/schema";
import { planSchema } from "../planner/plan/schema";
import { requirementsSchema } from "../planner/requirements/schema";
import { EXIT, type ExitCode, usage } from "./exit";
import type { Io } from "./io";

const SCHEMAS = {
  requirements: { schema: requirementsSchema, title: "Roadstead requirements: what the ships need" },
  plan: { schema: planSchema, title: "Roadstead plan: every way to host the ships, priced, ranked and explained" },
  architecture: { schema: architectureSchema, title: "Roadstead architecture: the recorded decision of one stack" },
} as const;

export async function schemaCommand(what: string, _options: object, io: Io): Promise<ExitCode> {
  const found = Object.entries(SCHEMAS).find(([name]) => name === what)?.[1];
  if (found === undefined) throw usage(`schema ${what}: accepted: ${Object.keys(SCHEMAS).join(", ")}`);
  // As written by a user: what has a default may be left out.
  const json = z.toJSONSchema(found.schema, { io: "input", target: "draft-2020-12" });
  io.out(`${JSON.stringify({ title: found.title, ...json }, null, 2)}\n`);
  return EXIT.done;
}

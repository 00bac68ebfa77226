// The cloud resources of a stack with what refers to what: its program runs under Pulumi's mocks, and every id and ARN is
// the Terraform reference to the resource it is of. An offline preview knows none of them.
import { output, secret } from "@pulumi/pulumi";
import * as runtime from "@pulumi/pulumi/runtime";
import { digestsOf } from "../../../preview/cells";
import { ORGANIZATION } from "../../../preview/runtime";
import type { StackToPreview } from "../../../preview";
import { compose } from "../../../stacks/compose";
import { address, isTranslated } from "./terraform";

type Inputs = Record<string, unknown>;

interface Types {
  computed(type: string, inputs: Inputs, id: string): Inputs;
  lookup(token: string, args: Inputs): Inputs;
  newId(type: string, inputs: Inputs): string;
  withName(type: string, name: string, inputs: Inputs): Inputs;
}
// The stand-in cloud of the engine suite knows what each type of object answers with.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const types = require("../../engine/cloud/types.cjs") as Types;

export interface CloudResource {
  type: string;
  /** Logical name, with a number where two of a type have the same under different components. */
  name: string;
  inputs: Inputs;
}

export async function asBuilt(stack: StackToPreview): Promise<CloudResource[]> {
  const made: CloudResource[] = [];
  const own = (type: string, name: string, n = 1): string => {
    const candidate = n === 1 ? name : `${name}-${n}`;
    return made.some((r) => r.type === type && r.name === candidate) ? own(type, name, n + 1) : candidate;
  };
  await runtime.setMocks(
    {
      newResource({ type, name: logical, inputs }) {
        const name = isTranslated(type) ? own(type, logical) : logical;
        if (isTranslated(type)) made.push({ type, name, inputs: inputs as Inputs });
        return { id: idOf(type, name, inputs as Inputs), state: stateOf(type, name, inputs as Inputs) };
      },
      call: ({ token, inputs }) => types.lookup(token, inputs as Inputs),
    },
    "roadstead",
    stack.name,
    false,
    ORGANIZATION,
  );
  const surroundings = { ...digestsOf(stack), secret: () => secret(output("made-up")), allowMissing: true };
  await runtime.runInPulumiStack(async () => compose(stack.architecture, surroundings) as never);
  await runtime.disconnect();
  return made;
}

function idOf(type: string, name: string, inputs: Inputs): string {
  return isTranslated(type) ? `\${${address(type, name)}.id}` : types.newId(type, types.withName(type, name, inputs));
}

/** What a resource answers with: its inputs, what the cloud adds, and a reference for whatever it names itself by. */
function stateOf(type: string, name: string, inputs: Inputs): Inputs {
  const named = types.withName(type, name, inputs);
  const state = { ...named, ...types.computed(type, named, idOf(type, name, inputs)) };
  if (!isTranslated(type)) return state;
  const made = ["arn", ...Object.keys(named).filter((key) => inputs[key] === undefined)];
  return { ...state, ...Object.fromEntries(made.map((key) => [key, `\${${address(type, name)}.${key}}`])) };
}

// Runs a program under Pulumi's mocks and keeps what it registers, options included.
import * as pulumi from "@pulumi/pulumi";

export interface Registration {
  type: string;
  name: string;
  parent: string | undefined;
  inputs: Record<string, unknown>;
  protect: boolean;
  retainOnDelete: boolean;
  ignoreChanges: string[];
  dependsOn: string[];
}

export interface Recording {
  registrations: Registration[];
  /** Everything sent to the engine as text, as it would be written to state, secrets encrypted there marked. */
  wire: string;
  outputs: Record<string, unknown>[];
}

/** Options are read by a transformation, inputs from the mocks; both see every registration. */
export async function record(program: () => unknown, preview = false): Promise<Recording> {
  const inputs = new Map<string, Record<string, unknown>>();
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => {
        inputs.set(`${args.type}::${args.name}`, args.inputs as Record<string, unknown>);
        return { id: preview ? undefined : `${args.name}-id`, state: args.inputs as Record<string, unknown> };
      },
      call: () => ({}),
    },
    "roadstead",
    "test",
    preview,
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(req: Wire, callback: unknown): unknown;
    registerResourceOutputs(req: WireOutputs, callback: unknown): unknown;
  };
  const registrations: Registration[] = [];
  const wire: string[] = [];
  const outputs: Record<string, unknown>[] = [];
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (req, callback) => {
    const object = req.getObject()?.toJavaScript() ?? {};
    wire.push(JSON.stringify(object));
    registrations.push({
      type: req.getType(),
      name: req.getName(),
      parent: req.getParent().split("::").pop(),
      inputs: object,
      protect: req.getProtect(),
      retainOnDelete: req.getRetainondelete(),
      ignoreChanges: req.getIgnorechangesList(),
      dependsOn: req.getDependenciesList().map((urn) => urn.split("::").pop()!),
    });
    return register(req, callback);
  };
  const finish = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (req, callback) => {
    const object = req.getOutputs()?.toJavaScript() ?? {};
    outputs.push(object);
    wire.push(JSON.stringify(object));
    return finish(req, callback);
  };
  await pulumi.runtime.runInPulumiStack(async () => {
    program();
    return {};
  });
  await pulumi.runtime.disconnect();
  return {
    registrations: registrations.filter((r) => r.type !== "pulumi:pulumi:Stack"),
    wire: wire.join("\n"),
    outputs,
  };
}

interface Wire {
  getType(): string;
  getName(): string;
  getParent(): string;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getIgnorechangesList(): string[];
  getDependenciesList(): string[];
}
interface WireOutputs {
  getOutputs(): { toJavaScript(): Record<string, unknown> } | undefined;
}

/** A secret on the wire carries this signature beside its value. */
export const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";

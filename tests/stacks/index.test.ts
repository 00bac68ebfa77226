import { architectureDigest } from "../../planner/architecture/digest";
import { shipOfKey } from "../../planner/boot-key";
import type { Architecture } from "../../planner/architecture/schema";
import { hostArchitectures } from "../preview/architectures";

jest.setTimeout(60_000);
// Each fresh copy of the SDK adds its own exit listener.
process.setMaxListeners(50);

/* eslint-disable @typescript-eslint/no-require-imports -- a fresh copy of the program and of the SDK for every run */

const KEY = "a-boot-key-nobody-may-see";

/** Runs stacks/index.ts as the language host does: a fresh module, config in the environment, a preview or an update. */
async function up(architecture: Architecture | null, options: { preview: boolean; key?: string }) {
  const registered: { type: string; name: string; inputs: unknown }[] = [];
  const warnings: string[] = [];
  const warn = jest.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
  let outputs: Record<string, unknown> = {};
  let fault: Error | null = null;
  await jest.isolateModulesAsync(async () => {
    const sdk = require("@pulumi/pulumi/runtime") as typeof import("@pulumi/pulumi").runtime;
    await sdk.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          registered.push({ type, name, inputs: inputs as unknown });
          return {
            id: options.preview ? undefined : `${name}-id`,
            state: { ...(inputs as object), ipAddress: "203.0.113.9" },
          };
        },
        call: ({ inputs }) => inputs as Record<string, unknown>,
      },
      "roadstead",
      "prod",
      options.preview,
    );
    sdk.setAllConfig(
      architecture === null
        ? {}
        : {
            "roadstead:architecture": JSON.stringify(architecture),
            "roadstead:architectureDigest": architectureDigest(architecture),
            "roadstead:requirementsDigest": `sha256:${"1".repeat(64)}`,
            "roadstead:key-sampel-palnet": options.key ?? KEY,
          },
    );
    try {
      await sdk.runInPulumiStack(async () => {
        try {
          outputs = require("../../stacks/index") as Record<string, unknown>;
        } catch (error) {
          fault = error as Error;
        }
        return {};
      });
      await sdk.disconnect();
    } finally {
      warn.mockRestore();
    }
  });
  return { registered, warnings, outputs, fault: fault as Error | null };
}

const [planet] = hostArchitectures({ shipsPerCell: 1 });
const made = (run: { registered: { type: string }[] }) =>
  run.registered.filter((r) => !r.type.startsWith("pulumi:pulumi:"));

describe("the program `pulumi up` runs", () => {
  test("builds what the lock says and exports what a person needs next", async () => {
    const run = await up(planet!, { preview: false });
    expect(run.fault).toBeNull();
    expect(run.registered.map((r) => r.type)).toEqual(
      expect.arrayContaining(["roadstead:index:VpsPlanet", "digitalocean:index/droplet:Droplet"]),
    );
    expect(Object.keys(run.outputs)).toEqual(
      expect.arrayContaining(["addresses", "nextSteps", "claims", "ready", "architectureDigest"]),
    );
  });

  test("makes nothing without a lock, and says how to record one", async () => {
    const run = await up(null, { preview: false });
    expect(run.fault?.message).toContain("roadstead plan FILE --stack prod --write");
    expect(made(run)).toEqual([]);
  });

  test.each([true, false])("makes nothing with another ship's key, and shows no key (preview: %p)", async (preview) => {
    // Of the form of a key file, with no key in it: ~ravmel-ropdyl, life 1, a small number.
    const key = "0wE0000.0000c.vo1Nx.ww0Y1";
    const ship = shipOfKey(key);
    expect(ship).toBe("~ravmel-ropdyl");
    const run = await up(planet!, { preview, key });
    expect(run.fault?.message).toContain(
      `received the key of ${ship}, or a damaged one; accepted: the key of ~sampel-palnet`,
    );
    expect(run.fault?.message).not.toContain(key);
    expect(made(run)).toEqual([]);
  });

  test("makes nothing when a version is missing, though it previews", async () => {
    const [bare] = hostArchitectures({ shipsPerCell: 1, versions: {} });
    const refused = await up(bare!, { preview: false });
    expect(refused.fault?.message).toContain("versions.vere");
    expect(refused.fault?.message).toContain("roadstead doctor prod");
    expect(made(refused)).toEqual([]);
    const shown = await up(bare!, { preview: true });
    expect(shown.fault).toBeNull();
    expect(shown.warnings.join()).toContain("versions.vere");
    expect(made(shown).length).toBeGreaterThan(0);
  });

  test("puts a host's boot key into no input of any resource", async () => {
    const run = await up(planet!, { preview: false });
    expect(JSON.stringify(run.registered)).not.toContain(KEY);
  });

  test("builds the platform and nothing for ships planned by count", async () => {
    const [counted] = hostArchitectures({ shipsPerCell: 2, unnamed: true });
    const run = await up(counted!, { preview: false });
    expect(run.fault).toBeNull();
    expect(run.warnings.join()).toContain("2 ships planned by count are left out");
    expect(run.registered.map((r) => r.type)).not.toContain("digitalocean:index/droplet:Droplet");
  });
});

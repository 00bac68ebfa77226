import { architectureDigest } from "../../planner/architecture/digest";
import type { Architecture } from "../../planner/architecture/schema";
import { LockRefused, nameable, readLock, refusals } from "../../stacks/lock";
import { clusterArchitectures, hostArchitectures } from "../preview/architectures";

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const digest = `sha256:${"1".repeat(64)}`;

function config(
  architecture: Architecture | undefined,
  changes: Record<string, string | undefined> = {},
  hostKeys?: unknown,
) {
  const values: Record<string, string | undefined> = {
    requirementsDigest: digest,
    architectureDigest: architecture && architectureDigest(architecture),
    ...changes,
  };
  const objects: Record<string, unknown> = { architecture, hostKeys };
  return { getObject: (key: string) => objects[key], get: (key: string) => values[key] };
}

describe("the lock a stack applies", () => {
  const [architecture] = clusterArchitectures();

  test("is read with its digests when all is well", () => {
    expect(readLock("prod", config(architecture))).toMatchObject({ architecture, requirementsDigest: digest });
  });

  test("comes with the keys that hosts are recognised by, which are no part of its digest", () => {
    expect(readLock("prod", config(architecture)).hostKeys).toEqual({});
    const keys = { home: `${HOST_KEY} root@home` };
    expect(readLock("prod", config(architecture, {}, keys))).toMatchObject({ architecture, hostKeys: keys });
  });

  test.each<[string, ReturnType<typeof config>, string, string]>([
    ["nothing is recorded", config(undefined), "prod", "no architecture is recorded"],
    [
      "it was edited",
      config({ ...architecture!, region: "us-east-1" }, { architectureDigest: architectureDigest(architecture!) }),
      "prod",
      "changed after it was written",
    ],
    ["it belongs to another stack", config(architecture), "staging", "the stack the file is for"],
    ["a value has another shape", config({ ...architecture!, zones: "all" } as never), "prod", "architecture.zones"],
    ["a key is unknown", config({ ...architecture!, surprise: 1 } as never), "prod", "surprise"],
    [
      "its requirements are unknown",
      config(architecture, { requirementsDigest: undefined }),
      "prod",
      "requirementsDigest",
    ],
    ["its digest is missing", config(architecture, { architectureDigest: undefined }), "prod", "architectureDigest"],
    ["host keys are a list", config(architecture, {}, ["x"]), "prod", "an object of host names"],
    [
      "a host key has its address in front",
      config(architecture, {}, { home: `192.0.2.1 ${HOST_KEY}` }),
      "prod",
      "hostKeys.home",
    ],
    ["a host key is cut off", config(architecture, {}, { home: HOST_KEY.slice(0, 40) }), "prod", "cut off"],
    [
      "a host key is an RSA key",
      config(architecture, {}, { home: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB" }),
      "prod",
      "ed25519",
    ],
  ])("is refused when %s", (_name, given, stack, says) => {
    expect(() => readLock(stack, given)).toThrow(LockRefused);
    expect(() => readLock(stack, given)).toThrow(says);
  });

  test("is refused as a sentence when the config value is no object", () => {
    const broken = { ...config(architecture), getObject: () => JSON.parse("{") as unknown };
    expect(() => readLock("prod", broken)).toThrow("is not an object");
  });
});

describe("what `up` refuses", () => {
  test("is a version without a value, with the command that finds it", () => {
    const [bare] = clusterArchitectures({ versions: {} });
    expect(refusals(bare!).find((r) => r.startsWith("versions.kubernetes"))).toContain(
      "aws eks describe-cluster-versions",
    );
    expect(refusals(clusterArchitectures({ domain: null })[0]!)).toEqual([]);
  });

  test("is no ship planned by count: the platform is built without it", () => {
    const [counted] = clusterArchitectures({ unnamed: true, shipsPerCell: 3 });
    const { architecture, leftOut } = nameable(counted!);
    expect([leftOut, architecture.ships.length]).toEqual([3, 0]);
    expect(refusals(architecture)).toEqual([]);
  });

  test("is never a reason to take a named ship or its host away", () => {
    const [named] = hostArchitectures({ shipsPerCell: 2 });
    named!.ships[0]!.key = null;
    const { architecture } = nameable(named!);
    expect([architecture.ships.length, architecture.hosts.length]).toEqual([2, 2]);
    expect(refusals(architecture).join()).toContain("boot key of ~sampel-palnet");
  });

  test("leaves out the host of a ship nobody named", () => {
    const [counted] = hostArchitectures({ unnamed: true, shipsPerCell: 2 });
    expect(nameable(counted!).architecture.hosts).toEqual([]);
  });
});

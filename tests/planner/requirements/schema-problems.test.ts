// What a schema's refusal says: where, what to do, and never a secret.
import { checkRequirements, loadRequirements, type Problem, problemText } from "../../../planner";

const problems = (value: unknown): Problem[] => {
  const loaded = checkRequirements(value, "wish.yaml");
  return loaded.ok ? [] : loaded.problems;
};
const ofText = (text: string): Problem[] => {
  const loaded = loadRequirements(text, "wish.yaml");
  return loaded.ok ? [] : loaded.problems;
};
const boot = `0w3mT.${Array(12).fill("AbCdE").join(".")}`;

describe("in a bare list of ships a slip is named as well as under ships.named", () => {
  test.each<[string, object, string, RegExp]>([
    ["in a key", { key: { file: "sampel-palnet.key" } }, "key.file", /^one of the keys secret$/],
    ["in an import", { imported: { stopped: true } }, "imported.stopped", /sourceStoppedForGood, atEvent, by/],
    ["in the ship", { nmae: "~zod" }, "nmae", /^one of the keys name, nickname, customer/],
  ])("%s", (_, wrong, path, accepted) => {
    const ship = { name: "~sampel-palnet", ...wrong };
    for (const [ships, at] of [
      [[ship], "ships[0]"],
      [{ named: [ship] }, "ships.named[0]"],
    ] as const) {
      const found = problems({ ships }).find((p) => p.path === `${at}.${path}`);
      expect(found?.accepted).toMatch(accepted);
    }
  });
});

describe("a secret in place of its name is not shown, whatever it looks like", () => {
  const ships = { count: 1 };
  test.each<[string, object, string[]]>([
    ["as GroundSeg's password", { ships, hosts: { groundseg: { password: "hunter2hunter2" } } }, ["hunter2"]],
    [
      "under a misspelt name",
      { ships, hosts: { groundseg: { passwd: "hunter2", adminToken: "tok3n" } } },
      ["hunter2", "tok3n"],
    ],
    ["inside of a misspelt block", { ships, hosts: { groundsegg: { password: "hunter2" } } }, ["hunter2"]],
    [
      "as a bucket's credentials",
      { ships, backups: { credentials: { secret: "DO00QWERTY wJalrXUtnFEMI" } } },
      ["DO00", "wJalr"],
    ],
    ["as a number", { ships: [{ name: "~zod", key: { secret: 8765309 } }] }, ["8765309"]],
    [
      "as a stray key beside a name",
      { ships: [{ name: "~zod", key: { secret: "a", "hunter2 hunter2": 1 } }] },
      ["hunter2"],
    ],
    [
      "as a boot key that is a key of the file",
      { ships: [{ name: "~zod", [boot]: 1 }], [boot]: { x: 1 } },
      [boot.slice(0, 12)],
    ],
    [
      "as a boot key beside a key's name",
      { ships: [{ name: "~zod", key: { secret: "a", [boot]: 1 } }] },
      [boot.slice(0, 12)],
    ],
    ["to a channel", { ships, alerts: { slack: "https://hooks.example/T0/B0" } }, ["hooks.example"]],
  ])("%s", (_, value, secrets) => {
    const found = problems(value);
    expect(found.length).toBeGreaterThan(0);
    const text = JSON.stringify(found) + found.map(problemText).join("\n");
    expect(text).toContain("not shown");
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  test("a password that YAML takes for an alias, a tag or a directive", () => {
    for (const password of [
      "*hunter2",
      "!hunter2",
      "@hunter2",
      "%hunter2",
      "`hunter2",
      "&hunter2",
      "a: hunter2: b",
      '"hunter2',
    ]) {
      const found = ofText(`ships: { count: 1 }\nhosts: { groundseg: { password: ${password} } }\n`);
      expect(found.length).toBeGreaterThan(0);
      expect(found.map(problemText).join("\n")).not.toContain("hunter2");
    }
  });

  test("and it is said what belongs there", () => {
    const [found] = problems({ ships, hosts: { groundseg: { password: "hunter2hunter2" } } });
    expect(found!.fix).toBe("name a Pulumi config secret there: { secret: NAME }");
  });

  test("who keeps a volume's key is no secret", () => {
    expect(problems({ ships, hosts: { volumeKey: "opertor" } })[0]).toMatchObject({
      received: '"opertor"',
      fix: "did you mean operator?",
    });
  });
});

describe("what to do is said", () => {
  test("an address without its mask", () => {
    const [found] = problems({ ships: { count: 1 }, access: { adminCidrs: ["203.0.113.7"] } });
    expect(found).toMatchObject({
      path: "access.adminCidrs[0]",
      accepted: "a network in CIDR notation, such as 203.0.113.7/32",
    });
  });

  test("a version without quotes, which YAML reads as a number", () => {
    const [found] = ofText("ships: { count: 1 }\nversions: { vere: { version: 4.6 } }\n");
    expect(found).toMatchObject({ path: "versions.vere.version", received: "4.6", fix: "put it in quotes" });
  });

  test("a processor by the name Debian and Docker give it", () => {
    const sum = "a".repeat(64);
    const sums = (sha256: object) => problems({ ships: { count: 1 }, versions: { vere: { version: "4.6", sha256 } } });
    expect(sums({ amd64: sum })[0]!.fix).toBe("did you mean x86_64?");
    expect(sums({ aarch64: sum })[0]!.fix).toBe("did you mean arm64?");
    const image = (a: string) =>
      problems({ ships: { count: 1, image: { repository: "a/b", architectures: [a] } } })[0]!.fix;
    expect(image("amd64")).toBe("did you mean x86_64?");
    expect(image("arm46")).toBe("did you mean arm64?");
  });
});

import fc from "fast-check";
import { applySet, checkRequirements, loadRequirements, nearest, type Problem, problemText } from "../../planner";

const problems = (value: unknown, rates = {}): Problem[] => {
  const loaded = checkRequirements(value, "wish.yaml", rates);
  return loaded.ok ? [] : loaded.problems;
};
const textProblems = (text: string): Problem[] => {
  const loaded = loadRequirements(text, "wish.yaml");
  return loaded.ok ? [] : loaded.problems;
};
const paths = (value: unknown) => problems(value).map((p) => p.path);

test("all problems come at once, each with path, received, accepted and what to do", () => {
  const found = problems({
    ships: { count: -3, memoryGiB: 4, memoryGB: 4 },
    budget: { monthly: -5, currency: "usd" },
    sla: 99.5,
    platform: "groundsegg",
    colour: "blue",
  });
  expect(found.map((p) => p.path).sort()).toEqual(
    ["budget.currency", "budget.monthly", "colour", "platform", "ships.count", "ships.memoryGB", "sla"].sort(),
  );
  for (const p of found) for (const part of [p.file, p.received, p.accepted, p.fix]) expect(part).not.toBe("");
  const byPath = Object.fromEntries(found.map((p) => [p.path, p]));
  expect(byPath["platform"]).toMatchObject({ received: '"groundsegg"', fix: "did you mean groundseg?" });
  expect(byPath["ships.memoryGB"]).toMatchObject({ received: "4", fix: "did you mean memoryGiB?" });
  expect(byPath["ships.count"]).toMatchObject({ received: "-3", accepted: "at least 1" });
  expect(problemText(byPath["sla"]!)).toMatch(/^wish\.yaml: sla: received 99\.5; accepted: 99, or 99\.9, or 99\.99; /);
});

describe("bad input is refused with a reason", () => {
  test.each<[string, unknown, string]>([
    ["an unknown key", { ships: { count: 1 }, shipz: 1 }, "shipz"],
    ["no ships", { budget: { monthly: 5 } }, "ships"],
    ["an empty list of ships", { ships: [] }, "ships"],
    ["an absurd count", { ships: { count: 10_001 } }, "ships.count"],
    ["half a ship", { ships: { count: 1.5 } }, "ships.count"],
    ["a count that is not the sum of the types", { ships: { count: 5, types: { planet: 3 } } }, "ships.count"],
    ["an infinite budget", { ships: { count: 1 }, budget: { monthly: Infinity } }, "budget.monthly"],
    ["a bad @p", { ships: ["~samzzz-palnet"] }, "ships[0].name"],
    ["an @p without its sig", { ships: ["sampel-palnet"] }, "ships[0].name"],
    ["the same ship twice", { ships: ["~sampel-palnet", { name: "~sampel-palnet" }] }, "ships[1]"],
    ["a key for a comet", { ships: { named: [{ nickname: "tail", key: { secret: "k" } }] } }, "ships.named[0].key"],
    ["a region nobody has", { ships: { count: 1 }, regions: { allowed: ["us-middle-7"] } }, "regions.allowed[0]"],
    ["a DR region nobody has", { ships: { count: 1 }, regions: { dr: "atlantis1" } }, "regions.dr"],
    [
      "DR in the same region",
      { ships: { count: 1 }, regions: { allowed: ["us-west-2"], dr: "us-west-2" } },
      "regions.dr",
    ],
    ["a currency without a rate", { ships: { count: 1 }, budget: { monthly: 5, currency: "EUR" } }, "budget.currency"],
    [
      "the world as administrator",
      { ships: { count: 1 }, access: { adminCidrs: ["0.0.0.0/0"] } },
      "access.adminCidrs[0]",
    ],
    [
      "half the world as administrator",
      { ships: { count: 1 }, access: { adminCidrs: ["0.0.0.0/1", "128.0.0.0/1"] } },
      "access.adminCidrs[0]",
    ],
    [
      "an administrator who is no ARN",
      { ships: { count: 1 }, access: { clusterAdmins: ["x"] } },
      "access.clusterAdmins[0]",
    ],
    [
      "an SSH key that was cut off while it was copied",
      {
        ships: { count: 1 },
        access: { sshPublicKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOCAGKvKMlqrvEUb me@home"] },
      },
      "access.sshPublicKeys[0]",
    ],
    [
      "quotes in an SSH key's comment",
      { ships: { count: 1 }, access: { sshPublicKeys: ["ssh-ed25519 AAAA me`id`"] } },
      "access.sshPublicKeys[0]",
    ],
    [
      "IPv4's world written as IPv6",
      { ships: { count: 1 }, access: { adminCidrs: ["::ffff:0:0/96"] } },
      "access.adminCidrs[0]",
    ],
    [
      "a version that a shell would read on",
      { ships: { count: 1 }, versions: { vere: { version: "4.6; touch /tmp/pwned #" } } },
      "versions.vere.version",
    ],
    ["the world over IPv6", { ships: { count: 1 }, access: { adminCidrs: ["::/0"] } }, "access.adminCidrs[0]"],
    [
      "an invented digest",
      { ships: { count: 1, image: { repository: "a", digest: "latest", architectures: ["x86_64"] } } },
      "ships.image.digest",
    ],
    [
      "a secret value where a secret's name belongs",
      { ships: [{ name: "~sampel-palnet", key: "0w1234" }] },
      "ships[0].key",
    ],
    [
      "more customers than declared",
      {
        ships: [
          { name: "~zod", customer: "a" },
          { name: "~nec", customer: "b" },
          { name: "~bud", customer: "c" },
        ],
        customers: 2,
      },
      "customers",
    ],
  ])("%s", (_, value, path) => {
    expect(paths(value)).toContain(path);
  });

  test.each([
    ["duplicate keys", "ships: { count: 1 }\nships: { count: 2 }\n"],
    ["broken YAML", "ships: [1, 2\n"],
    ["a list", "- a\n- b\n"],
    ["nothing", ""],
    ["two documents", "ships: { count: 1 }\n---\nships: { count: 2 }\n"],
    ["an oversized file", `ships: { count: 1 }\n#${"x".repeat(3 * 1024 * 1024)}`],
    [
      "an alias bomb",
      `a: &a [x, x]\n${[..."bcdefghij"].map((k, i) => `${k}: &${k} [${Array(9).fill(`*${"abcdefghij"[i]}`).join()}]`).join("\n")}\nships: { count: 1 }`,
    ],
  ])("%s", (_, text) => {
    const started = performance.now();
    expect(textProblems(text).length).toBeGreaterThan(0);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("no input makes the loader throw", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(typeof loadRequirements(text, "any").ok).toBe("boolean");
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: false, withBigInt: false }), (ships) => {
        expect(typeof checkRequirements({ ships }, "any").ok).toBe("boolean");
      }),
      { numRuns: 300 },
    );
  });
});

describe("a secret in the wrong place", () => {
  const boot = `0w${"3mT".repeat(1)}.${Array(12).fill("AbCdE").join(".")}`;
  const places: [string, unknown][] = [
    ["as the key", { ships: [{ name: "~zod", key: boot }] }],
    ["as the secret's name", { ships: [{ name: "~zod", key: { secret: "AKIAIOSFODNN7EXAMPLE" } }] }],
    ["as a customer", { ships: [{ name: "~zod", customer: "-----BEGIN PRIVATE KEY-----" }] }],
    ["as a version", { ships: { count: 1 }, versions: { vere: { version: `dop_v1_${"a".repeat(64)}` } } }],
    ["as an unknown key's value", { ships: { count: 1 }, note: boot }],
  ];
  test.each(places)("%s is refused, and shown nowhere", (_, value) => {
    const found = problems(value);
    expect(found.length).toBeGreaterThan(0);
    const text = found.map(problemText).join("\n");
    expect(text).toMatch(/looks like/);
    for (const secret of [boot, "AKIAIOSFODNN7EXAMPLE", "BEGIN PRIVATE", "dop_v1_aa"])
      expect(text).not.toContain(secret);
  });
});

describe("slips get a hint", () => {
  test.each([
    ["sampel-palnet", "~sampel-palnet"],
    ["~SAMPEL-palnet", "~sampel-palnet"],
    ["~litzod ", "~litzod"],
  ])("%s", (name, mended) => {
    expect(problems({ ships: [name] })[0]!.fix).toBe(`write it as ${mended}`);
  });
  test("a merge key", () => {
    expect(problems({ ships: { count: 1 }, "<<": {} })[0]!.fix).toMatch(/merge keys/);
  });
  test("tang without servers, servers without tang, a server twice, a key nobody keeps", () => {
    const ships = { count: 1 };
    const server = { url: "http://tang-1.example.com", thumbprint: "a".repeat(43) };
    expect(paths({ ships, hosts: { volumeKey: "tang" } })).toEqual(["hosts.tang"]);
    expect(paths({ ships, hosts: { tang: [server] } })).toEqual(["hosts.tang"]);
    expect(paths({ ships, hosts: { volumeKey: "tang", tang: [server, server] } })).toEqual(["hosts.tang[1].url"]);
    expect(paths({ ships, hosts: { volumeKey: "vault" } })).toEqual(["hosts.volumeKey"]);
    const badly = [{ ...server, url: "tang-1" }];
    expect(paths({ ships, hosts: { volumeKey: "tang", tang: badly } })).toEqual(["hosts.tang[0].url"]);
    expect(paths({ ships, hosts: { volumeKey: "tang", tang: [server] } })).toEqual([]);
  });

  test.each(["/dev/sda", "/dev/disk/by-id/../sda", "nvme0n1", "/dev/disk/by-id/a b"])(
    "a disk that is called %s",
    (dataDevice) => {
      const hosts = [{ memoryGiB: 8, diskGiB: 100, dataDevice }];
      expect(paths({ ships: { count: 1 }, existing: { hosts } })).toEqual(["existing.hosts[0].dataDevice"]);
    },
  );

  test.each<[string, object, object]>([
    ["the same address", { name: "a", address: "10.0.0.5" }, { name: "b", address: "10.0.0.5" }],
    ["an address that is another's name", { name: "attic" }, { name: "b", address: "Attic." }],
    [
      "the same address and disk",
      { address: "a.lan", dataDevice: "/dev/disk/by-id/x" },
      { address: "a.lan", dataDevice: "/dev/disk/by-id/x" },
    ],
  ])("two hosts with %s are one machine, and refused", (_, ...hosts) => {
    const existing = { hosts: hosts.map((h) => ({ memoryGiB: 8, diskGiB: 100, ...h })) };
    expect(paths({ ships: { count: 1 }, existing })).toEqual(["existing.hosts[1].address"]);
  });

  test("two hosts with disks of one model are two machines where their addresses differ", () => {
    const hosts = ["a.lan", "b.lan"].map((address) => ({
      memoryGiB: 8,
      diskGiB: 100,
      address,
      dataDevice: "/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_drive-scsi1",
    }));
    expect(paths({ ships: { count: 1 }, existing: { hosts } })).toEqual([]);
  });

  test.each(["-oProxyCommand=x", "host name", ""])("an address of a host that is %j", (address) => {
    const hosts = [{ memoryGiB: 8, diskGiB: 100, address }];
    expect(paths({ ships: { count: 1 }, existing: { hosts } })).toEqual(["existing.hosts[0].address"]);
  });

  test("an image the set-up of hosts is not written for, and a claim region nobody has", () => {
    const image = (digitalocean: string) => paths({ ships: { count: 1 }, versions: { hostImage: { digitalocean } } });
    for (const slug of ["debian-12-x64", "debian-13-x64", "ubuntu-24-04-x64", "131562"])
      expect(image(slug)).toEqual([]);
    for (const slug of ["fedora-40-x64", "debian-11-x64", "ubuntu-20-04-x64", "latest"])
      expect(image(slug)).toEqual(["versions.hostImage.digitalocean"]);
    expect(paths({ ships: { count: 1 }, hosts: { claimRegion: "nyc9" } })).toEqual(["hosts.claimRegion"]);
  });

  test("two hosts of one name", () => {
    const hosts = [
      { memoryGiB: 8, diskGiB: 100 },
      { name: "host-1", memoryGiB: 8, diskGiB: 100 },
    ];
    expect(paths({ ships: { count: 1 }, existing: { hosts } })).toEqual(["existing.hosts[1]"]);
  });
});

describe("ships", () => {
  const named = (...names: string[]) => {
    const loaded = checkRequirements({ ships: names }, "wish.yaml");
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return loaded.requirements.ships;
  };

  test("take their class and parent from the name", () => {
    const ships = named(
      "~zod",
      "~marzod",
      "~sampel-palnet",
      "~doznec-sampel-palnet",
      "~tilwyc-mithes-nalfyr-fidput--ticwyc-witmus-malmed-lasleb",
    );
    expect(ships.named.map((s) => s.class).slice(0, 4)).toEqual(["galaxy", "star", "planet", "moon"]);
    expect(ships.named[4]!.class).toBe("comet");
    expect(ships.named[3]!.parent).toBe("~sampel-palnet");
    expect(ships.count).toBe(5);
  });

  test("by count are planets, and may be named in part", () => {
    const loaded = checkRequirements({ ships: { count: 10, named: [{ name: "~zod" }] } }, "wish.yaml");
    if (!loaded.ok) throw new Error("fixture");
    expect(loaded.requirements.ships.types).toMatchObject({ galaxy: 1, planet: 9 });
  });

  test("follow the fleet's settings unless they say otherwise", () => {
    const loaded = checkRequirements(
      { ships: { memoryGiB: 8, named: [{ name: "~zod" }, { name: "~nec", memoryGiB: 2, loom: 32 }] } },
      "wish.yaml",
    );
    if (!loaded.ok) throw new Error("fixture");
    expect(loaded.requirements.ships.named.map((s) => [s.memoryGiB, s.loom])).toEqual([
      [8, 31],
      [2, 32],
    ]);
  });

  test("the same wish as YAML, as JSON and as shorthand is the same requirement", () => {
    const yaml = loadRequirements("ships:\n  - ~zod\n", "a");
    const json = loadRequirements('{"ships": ["~zod"]}', "b");
    expect(yaml).toEqual(json);
  });
});

describe("--set", () => {
  test("sets by path, removes with null, and turns a bare list of ships into named ships", () => {
    expect(
      applySet({ ships: ["~zod"], regions: { dr: "us-east-1" } }, { "ships.memoryGiB": 2, "regions.dr": null }),
    ).toEqual({
      ships: { named: [{ name: "~zod" }], memoryGiB: 2 },
      regions: {},
    });
  });
  test("leaves its input as it was", () => {
    const before = { ships: { count: 3 } };
    applySet(before, { "ships.count": 5 });
    expect(before).toEqual({ ships: { count: 3 } });
  });
});

test("hints name the nearest word", () => {
  expect(nearest("us-east1", ["us-east-1", "eu-west-1"])).toEqual(["us-east-1"]);
});

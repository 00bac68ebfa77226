// Bad input of an EKS fleet is refused before the first resource, all at once, wherever it comes in: by `roadstead plan`, by
// `roadstead preview`, and by the component itself. What no plan can know is refused by the program before it makes anything.
import { stringify } from "yaml";
import { confirm } from "../components/eks/offerings";
import { Cluster, Network, NodePool, PoolRole, NodeArchitecture } from "../components/eks";
import { Cell } from "../components/fleet";
import { Tenant } from "../components/isolation";
import type { ArgumentsRefused } from "../components/refusal";
import { parseArchitecture } from "../planner/architecture/check";
import type { Architecture, LockedShip } from "../planner/architecture/schema";
import { previewArchitectures, PreviewRefused } from "../preview";
import { foreignKeys } from "../stacks/lock";
import { filesIn, roadstead, workspace } from "./cli/fake-io";
import { preview, refusal } from "./components/eks/record";
import { cellContext, lockedShip } from "./components/fleet/fixtures";
import { clusterArchitectures } from "./preview/architectures";

jest.setTimeout(60_000);

const WISH = {
  apiVersion: "roadstead/v1",
  environment: "prod",
  platform: "eks",
  experience: "expert",
  ships: { count: 3 },
  regions: { allowed: ["us-west-2"] },
};

/** "path: received …; accepted: …; what to do", one a line, nothing else: facts of the form in which everything is refused. */
const FORM = /^(\S+): (\S+): received .+; accepted: .+[;.] .+$/;

/** What `plan --write` and `preview` say to a file they refuse: the paths, in order, and not a word of a stack trace. */
async function refusedPaths(wish: object): Promise<{ plan: string[]; preview: string[] }> {
  const dir = workspace({ "r.yaml": stringify(wish), "Pulumi.yaml": "name: roadstead\nruntime: nodejs\n" });
  const before = filesIn(dir);
  const paths = async (...args: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await roadstead(dir, args);
    expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
    expect(stderr).not.toMatch(/\n\s+at |Error:/);
    const lines = stderr.split("\n").filter((line) => line.includes(": received "));
    expect(lines.filter((line) => !FORM.test(line))).toEqual([]);
    return lines.map((line) => FORM.exec(line)![2]!);
  };
  const found = {
    plan: await paths("plan", "r.yaml", "--stack", "prod", "--write"),
    preview: await paths("preview", "r.yaml"),
  };
  expect(filesIn(dir)).toEqual(before);
  return found;
}

/** A component's own refusal, before it is registered itself. */
async function refusedArguments(make: () => unknown): Promise<string[]> {
  let refused: ArgumentsRefused | undefined;
  const { set } = await preview(() => (refused = refusal(make)));
  expect(set).toEqual([]);
  for (const p of refused!.problems) {
    expect(Object.keys(p).sort()).toEqual(expect.arrayContaining(["accepted", "fix", "path", "received"]));
    for (const text of [p.received, p.accepted, p.fix]) expect(text).toMatch(/\S.*[^.]$/s);
  }
  expect(refused!.message).toMatch(new RegExp(`^${refused!.component.replace(/[()]/g, "\\$&")}: `));
  return refused!.problems.map((p) => p.path);
}

/** A lock that was edited by hand: what the program reads, and what a preview of it says. */
const edited = (change: (a: Architecture) => void): Architecture => {
  const [architecture] = clusterArchitectures({ shipsPerCell: 2 });
  change(architecture!);
  return architecture!;
};
const lockPaths = (a: Architecture): string[] => parseArchitecture(a, null, "", a.stack).problems.map((p) => p.path);

const named = (...ships: object[]) => ({ ...WISH, ships: { named: ships } });
const ship = (a: Architecture): LockedShip => a.ships[0]!;
const cell = (ships: LockedShip[], keys: Record<string, string> = {}) =>
  new Cell("prod", { ships, keys, context: cellContext(), provider: undefined as never } as never);

describe("networks that overlap", () => {
  const wish = { ...WISH, cluster: { cidr: "10.8.0.0/16", avoidCidrs: ["10.8.4.0/24", "172.20.0.0/16"] } };

  test("are refused by plan and preview", async () => {
    const both = ["cluster.avoidCidrs[1]", "cluster.cidr"];
    expect(await refusedPaths(wish)).toEqual({ plan: both, preview: both });
  });

  test("are refused by Network", async () => {
    const args = {
      region: "us-west-2",
      zones: ["us-west-2a", "us-west-2b"],
      cidr: "10.8.0.0/16",
      nat: "single" as const,
    };
    expect(await refusedArguments(() => new Network("prod", { ...args, avoidCidrs: ["10.8.4.0/24"] }))).toEqual([
      "cidr",
    ]);
  });
});

describe("a version out of support", () => {
  test("is refused by plan and preview", async () => {
    const wish = { ...WISH, versions: { kubernetes: "1.29" } };
    expect(await refusedPaths(wish)).toEqual({ plan: ["versions.kubernetes"], preview: ["versions.kubernetes"] });
  });

  test("is refused by Cluster, and so is a preview of a lock that was given one", async () => {
    const args = { region: "us-west-2", subnetIds: ["subnet-1", "subnet-2"], adminArns: [] };
    expect(await refusedArguments(() => new Cluster("prod", { ...args, version: "1.29" }))).toEqual(["version"]);
    const old = edited((a) => (a.versions.kubernetes = "1.29"));
    await expect(previewArchitectures([{ name: "prod", architecture: old }])).rejects.toThrow(PreviewRefused);
  });
});

describe("a zone without the chosen type", () => {
  const wanted = [
    { pool: "ships-a", instanceType: "r6g.2xlarge", zones: ["us-west-2a"] },
    { pool: "ships-d", instanceType: "r6g.2xlarge", zones: ["us-west-2d"] },
    { pool: "ships-x", instanceType: "r9z.large", zones: ["us-west-2a"] },
  ];

  test("is known to EC2 alone: it is asked in the preview that comes before every up, and every pool is named", () => {
    const refused = refusal(() => confirm("prod", wanted, ["r6g.2xlarge"], ["us-west-2a"]));
    expect(refused.problems.map((p) => p.path)).toEqual(["ships-d", "ships-x"]);
    expect(refused.problems[0]!.accepted).toBe("r6g.2xlarge in us-west-2a");
  });

  test("a type that is none is refused by NodePool", async () => {
    const args = {
      region: "us-west-2",
      clusterName: "prod",
      version: "1.34",
      subnetIds: ["subnet-1"],
      role: PoolRole.Ships,
      architecture: NodeArchitecture.Arm,
    };
    expect(await refusedArguments(() => new NodePool("prod", { ...args, instanceType: "large", count: 451 }))).toEqual([
      "count",
      "instanceType",
    ]);
  });
});

describe("memory below the loom", () => {
  const short = { limitMiB: 2048, memoryMiB: 2048 };

  test("cannot be wished: the limit holds loom and headroom, whatever memory is asked for", async () => {
    const dir = workspace({ "r.yaml": stringify({ ...WISH, ships: { count: 2, memoryGiB: 1 } }) });
    const { stdout } = await roadstead(dir, ["preview", "r.yaml", "--json"]);
    const limits = [...stdout.matchAll(/"limits":\{[^}]*"memory":"(\d+)Mi"/g)].map((m) => Number(m[1]));
    expect(limits.filter((mib) => mib < 2560 && mib > 1024)).toEqual([]);
    expect(limits.filter((mib) => mib === 2560)).toHaveLength(2);
  });

  test("is refused in a lock and by Cell", async () => {
    expect(lockPaths(edited((a) => Object.assign(ship(a), short)))).toEqual(["ships[0].limitMiB"]);
    expect(await refusedArguments(() => cell([lockedShip("sampel-palnet", short)]))).toEqual(["ships[0].limitMiB"]);
  });
});

describe("more ships than there is room for", () => {
  test("than the account's stated quota: no plan is chosen, nothing is written", async () => {
    const wish = { ...WISH, existing: { quotas: { onDemandVcpu: 4 } } };
    const dir = workspace({ "r.yaml": stringify(wish), "Pulumi.yaml": "name: roadstead\nruntime: nodejs\n" });
    for (const args of [
      ["plan", "r.yaml", "--stack", "prod", "--write"],
      ["preview", "r.yaml"],
    ]) {
      const { code, stdout } = await roadstead(dir, args);
      expect([args[0], code]).toEqual([args[0], 3]);
      expect(stdout).toMatch(/on-demand standard vCPU/);
    }
  });

  test("than their customer's quota or a cell holds, in a lock and by Cell", async () => {
    const few = edited((a) => (a.tenants[0]!.quota = { ships: 1, memoryMiB: 4096, cpuMilli: 250, storageGiB: 20 }));
    expect(lockPaths(few)).toEqual(
      ["ships", "memoryMiB", "cpuMilli", "storageGiB"].map((k) => `tenants[0].quota.${k}`),
    );
    const many = Array.from({ length: 51 }, (_, i) =>
      lockedShip(`ship-${i}`, { name: null, class: "comet", key: null }),
    );
    expect(await refusedArguments(() => cell(many))).toEqual(["ships"]);
  });
});

describe("a key that is not for that @p", () => {
  /** A key of ~ravmel-ropdyl, with a made-up private part (tests/planner/boot-key.test.ts jams such). */
  const theirs = "0wE0000.0000c.vo1Nx.ww0Y1";

  test("is in no file that plan or preview read; the program refuses before it makes anything", () => {
    const architecture = edited(() => undefined);
    const secrets = Object.fromEntries(architecture.ships.map((s) => [s.key!.secret, theirs]));
    const refused = foreignKeys(architecture, (name) => secrets[name]);
    expect(refused).toHaveLength(2);
    for (const line of refused) {
      expect(line).toMatch(/^config secret \S+: received the key of ~ravmel-ropdyl, .+; accepted: .+; .+$/);
      expect(line).not.toContain(theirs);
    }
  });

  test("is refused by Cell where it is at hand as text", async () => {
    const keys = { "sampel-palnet": theirs };
    expect(await refusedArguments(() => cell([lockedShip("sampel-palnet")], keys))).toEqual(['keys["sampel-palnet"]']);
  });
});

describe("one ship of two customers", () => {
  const twice = [
    { name: "~sampel-palnet", customer: "acme", key: { secret: "a" } },
    { name: "~sampel-palnet", customer: "globex", key: { secret: "b" } },
  ];

  test("is refused by plan and preview", async () => {
    const found = await refusedPaths(named(...twice));
    expect(found).toEqual({ plan: ["ships.named[1]"], preview: ["ships.named[1]"] });
  });

  test("is refused in a lock and by Cell", async () => {
    const double = edited((a) => {
      a.ships[1] = { ...ship(a), tenant: "t-00000000ff", customer: "globex" };
      a.tenants.push({ ...a.tenants[0]!, id: "t-00000000ff", customer: "globex" });
    });
    expect(lockPaths(double)).toContain("ships[1]");
    const other = lockedShip("sampel-palnet", { tenant: "t-00000000ff" });
    expect(await refusedArguments(() => cell([lockedShip("sampel-palnet"), other]))).toEqual(["ships[1]"]);
  });
});

describe("a tenant called kube-system", () => {
  test("is refused by plan and preview", async () => {
    const wish = named({ name: "~sampel-palnet", customer: "kube-system", key: { secret: "a" } });
    const path = ["ships.named[0].customer"];
    expect(await refusedPaths(wish)).toEqual({ plan: path, preview: path });
  });

  test("is refused in a lock and by Tenant", async () => {
    expect(lockPaths(edited((a) => (a.tenants[0]!.id = "kube-system")))).toEqual(["tenants[0].id"]);
    const args = { id: "kube-system", apiServer: { cidrs: ["10.0.0.0/16"] } };
    expect(await refusedArguments(() => new Tenant("prod", args as never))).toEqual(["id"]);
  });
});

test("all of it at once: one run names every problem a file has", async () => {
  const wish = {
    ...named(
      { name: "~sampel-palnet", customer: "acme", key: { secret: "a" } },
      { name: "~sampel-palnet", customer: "globex", key: { secret: "b" } },
      { name: "~sampel-palnot", key: { secret: "c" } },
      { name: "~wicdev-wisryt", customer: "kube-system", key: { secret: "d" } },
    ),
    versions: { kubernetes: "1.29" },
    cluster: { cidr: "10.8.0.0/16", avoidCidrs: ["10.8.4.0/24"] },
    access: { adminCidrs: ["0.0.0.0/0"] },
    regions: { allowed: ["us-west-9"] },
  };
  const all = [
    "ships.named[2].name",
    "ships.named[3].customer",
    "ships.named[1]",
    "regions.allowed[0]",
    "access.adminCidrs[0]",
    "versions.kubernetes",
    "cluster.cidr",
  ];
  const { plan, preview: shown } = await refusedPaths(wish);
  expect(plan.sort()).toEqual([...all].sort());
  expect(shown.sort()).toEqual([...all].sort());
});

// `doctor --repair` as a command: what it asks pulumi in which order, what it refuses, what it leaves behind.
import * as fs from "node:fs";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import type { Probe } from "../../cli/doctor/probe";
import { repairCommand, type RepairOptions } from "../../cli/doctor/repair";
import type { Answer, Pulumi } from "../../cli/doctor/repair/pulumi";
import { pendingOf, resourcesOf, type StackState, type StateResource } from "../../cli/doctor/repair/state";
import { Stop } from "../../cli/exit";
import { lease, pendingUrn, stateOf } from "./doctor-states/states";
import { fakeIo, filesIn, roadstead, workspace } from "./fake-io";

/** A backend in memory: what `pulumi` is asked, and the state it keeps. */
function backend(state: StackState | string, there?: (r: StateResource) => Record<string, unknown> | null) {
  const calls: string[] = [];
  const kept = { text: typeof state === "string" ? state : JSON.stringify(state) };
  const answer = (stdout: string, code = 0, stderr = ""): Answer => ({ code, stdout, stderr });
  const pulumi: Pulumi = (args) => {
    calls.push(args.slice(0, args[0] === "stack" ? 2 : 1).join(" "));
    if (args[0] === "stack" && args[1] === "export") return Promise.resolve(answer(kept.text));
    if (args[0] === "stack" && args[1] === "import") {
      const { version, deployment } = JSON.parse(fs.readFileSync(args[args.length - 1]!, "utf8")) as StackState;
      // As pulumi does: "removing pending operation … from snapshot".
      kept.text = JSON.stringify({ version, deployment: { ...deployment, pending_operations: undefined } });
    }
    if (args[0] === "refresh") {
      const staged = JSON.parse(kept.text) as StackState;
      const asked = new Set(args.flatMap((a, i) => (args[i - 1] === "--target" ? [a] : [])));
      const resources = resourcesOf(staged).flatMap((r) => {
        const outputs = asked.has(r.urn) ? (there ?? ((x: StateResource) => x.inputs!))(r) : r.outputs!;
        return outputs === null ? [] : [asked.has(r.urn) ? { ...r, outputs } : r];
      });
      kept.text = JSON.stringify({ ...staged, deployment: { ...staged.deployment, resources } });
    }
    return Promise.resolve(answer(""));
  };
  return { calls, kept, pulumi };
}

describe("the command", () => {
  const project = (backendUrl: string) =>
    workspace({
      "Pulumi.yaml": `name: roadstead\nruntime: nodejs\nstackConfigDir: stacks\nbackend: { url: "${backendUrl}" }\n`,
      "stacks/Pulumi.prod.yaml": "config: {}\n",
    });
  const probe: Probe = {
    run: () => "v3.250.0",
    exists: () => false,
    read: () => null,
    home: "/nonexistent",
    nodeVersion: "v20.0.0",
  };
  const run = async (dir: string, options: RepairOptions, pulumi: Pulumi) => {
    const io = fakeIo(dir);
    try {
      return { code: (await repairCommand("prod", options, io, probe, pulumi)) as number, out: io.stdout };
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      return { code: error.exit as number, out: error.message };
    }
  };

  test("shows what it would do, changes nothing, and its last line is the command that does it", async () => {
    const dir = project("s3://somewhere");
    const before = filesIn(dir);
    const { calls, kept, pulumi } = backend(stateOf("killed-at-claim"));
    const text = kept.text;
    const { code, out } = await run(dir, {}, pulumi);
    expect(code).toBe(10);
    expect(out).toMatch(/sampel-palnet-claim/);
    expect(out.trim().split("\n").pop()!.trim()).toBe("roadstead doctor prod --repair --yes");
    expect(calls).toEqual(["stack export"]);
    expect([kept.text, filesIn(dir)]).toEqual([text, before]);
  });

  test("--yes backs up first, stages, asks, settles; then up", async () => {
    const dir = project("s3://somewhere");
    const { calls, kept, pulumi } = backend(stateOf("killed-at-claim"));
    const text = kept.text;
    const { code, out } = await run(dir, { yes: true }, pulumi);
    expect(code).toBe(0);
    expect(calls).toEqual(["stack export", "stack import", "refresh", "stack export", "stack import"]);
    expect(out.trim().split("\n").pop()!.trim()).toBe("pulumi up --stack prod --policy-pack policies");
    const backup = Object.entries(filesIn(dir)).filter(([f]) => f.startsWith(".roadstead/"));
    expect(backup.map(([, content]) => JSON.parse(content) as unknown)).toEqual([JSON.parse(text)]);
    expect(fs.statSync(path.join(dir, backup[0]![0])).mode & 0o077).toBe(0);
    expect(out).toContain(backup[0]![0]);
    expect(pendingOf(JSON.parse(kept.text) as StackState)).toEqual([]);
    const again = await run(dir, { yes: true }, pulumi);
    expect([again.code, again.out]).toEqual([0, expect.stringContaining("Nothing to repair in prod.")]);
  });

  test("another's claim ends in exit 12 with the command that shows it, and is not in the state", async () => {
    const dir = project("s3://somewhere");
    const { kept, pulumi } = backend(stateOf("killed-at-claim"), (r) =>
      lease(r) ? { ...r.inputs!, spec: { holderIdentity: "dev/t-1" } } : r.inputs!,
    );
    const { code, out } = await run(dir, { yes: true }, pulumi);
    expect(code).toBe(12);
    expect(out).toContain("kubectl -n roadstead-registry get lease.coordination.k8s.io sampel-palnet -o yaml");
    expect(kept.text).not.toContain("dev/t-1");
  });

  test("what only a person can find ends in exit 5 with the words to give, and nothing is changed before", async () => {
    const dir = project("s3://somewhere");
    const { calls, kept, pulumi } = backend(stateOf("killed-on-digitalocean"));
    const { code, out } = await run(dir, { yes: true }, pulumi);
    expect([code, calls]).toEqual([5, ["stack export"]]);
    expect(out).toMatch(/--repair --yes --found 'urn:[^']*=ID' --found 'urn:[^']*=ID'\s*$/);
    expect(pendingOf(JSON.parse(kept.text) as StackState)).toHaveLength(2);
  });

  test("what turns out to carry no holder is remembered, though the backend forgets it, until a word is given", async () => {
    const dir = project("s3://somewhere");
    const { kept, pulumi } = backend(stateOf("killed-at-claim"), (r) =>
      lease(r) ? { ...r.inputs!, spec: {} } : r.inputs!,
    );
    expect((await run(dir, { yes: true }, pulumi)).code).toBe(5);
    expect(kept.text).not.toContain("pending_operations");
    const urn = pendingUrn(stateOf("killed-at-claim"), ":Lease::");
    expect(await run(dir, {}, pulumi)).toMatchObject({ code: 10, out: expect.stringContaining("sampel-palnet-claim") });
    expect((await run(dir, { yes: true, forget: [urn] }, pulumi)).code).toBe(0);
    expect((await run(dir, {}, pulumi)).out).toContain("Nothing to repair");
  });

  test("a refresh that fails settles nothing, leaves nothing owned, and the same command goes on from there", async () => {
    const dir = project("s3://somewhere");
    const { kept, pulumi } = backend(stateOf("killed-at-claim"));
    const failing: Pulumi = (args, limit) =>
      args[0] === "refresh"
        ? Promise.resolve({ code: 1, stdout: "error: no route to the cluster", stderr: "" })
        : pulumi(args, limit);
    const failed = await run(dir, { yes: true }, failing);
    expect(failed).toMatchObject({ code: 1, out: expect.stringContaining("no route to the cluster") });
    const left = resourcesOf(JSON.parse(kept.text) as StackState).filter(
      (r) => lease(r) && r.outputs?.spec === undefined,
    );
    expect(left).toMatchObject([{ external: true }]);
    const again = await run(dir, { yes: true }, pulumi);
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/sampel-palnet-claim .*taken over/) });
    expect((await run(dir, {}, pulumi)).code).toBe(0);
  });

  test.each<[string, Answer, number]>([
    ["logged out", { code: 3, stdout: "", stderr: "error: PULUMI_ACCESS_TOKEN must be set" }, 13],
    ["without the passphrase", { code: 1, stdout: "", stderr: "error: passphrase must be set" }, 13],
    ["locked by another", { code: 1, stdout: "", stderr: "error: the stack is currently locked by 1 lock(s)" }, 11],
    ["unknown to the backend", { code: 6, stdout: "", stderr: "error: no stack named 'prod' found" }, 2],
    ["failing", { code: 1, stdout: "", stderr: "error: something else" }, 1],
    ["answering with garbage", { code: 0, stdout: "}{", stderr: "" }, 2],
    ["answering with another version", { code: 0, stdout: '{"version":9,"deployment":{}}', stderr: "" }, 2],
    [
      "answering without resources' types",
      { code: 0, stdout: '{"version":3,"deployment":{"resources":[{}]}}', stderr: "" },
      2,
    ],
    ["with a stack nothing was made in", { code: 0, stdout: '{"version":3,"deployment":{}}', stderr: "" }, 0],
  ])("pulumi %s", async (_what, answer, exit) => {
    const { code, out } = await run(project("s3://somewhere"), { yes: true }, () => Promise.resolve(answer));
    expect(code).toBe(exit);
    expect(out).not.toBe("");
  });

  test("no pulumi, no such stack, a word that is none, or its options without --repair: exit 2", async () => {
    const dir = project("s3://somewhere");
    const { pulumi } = backend(stateOf("killed-at-claim"));
    const io = fakeIo(dir);
    await expect(repairCommand("prod", {}, io, { ...probe, run: () => null }, pulumi)).rejects.toThrow(
      /not on the PATH/,
    );
    await expect(repairCommand("dev", {}, io, probe, pulumi)).rejects.toThrow(/stacks here: prod/);
    expect(await run(dir, { found: ["vpc-1"] }, pulumi)).toMatchObject({
      code: 2,
      out: expect.stringContaining("URN=ID"),
    });
    expect(await roadstead(dir, ["doctor", "prod", "--yes"])).toMatchObject({ code: 2 });
  });

  describe("on a file backend", () => {
    const checkpoint = (state: StackState) =>
      JSON.stringify({ version: 3, checkpoint: { stack: "prod", latest: state.deployment } });
    const withState = (content: string | Buffer, before: string | Buffer | null, ending = "json") => {
      const dir = project("file://state");
      const place = path.join(dir, "state/.pulumi/stacks/roadstead");
      fs.mkdirSync(place, { recursive: true });
      const file = path.join(place, `prod.${ending}`);
      fs.writeFileSync(file, content);
      if (before !== null) fs.writeFileSync(`${file}.bak`, before);
      return { dir, file, place };
    };
    const whole = checkpoint(stateOf("killed-at-claim"));

    test.each<[string, string | Buffer, string | Buffer, string]>([
      ["empty", "", whole, "json"],
      ["half written", whole.slice(0, 900), whole, "json"],
      ["half written and packed", gzipSync(whole).subarray(0, 500), gzipSync(whole), "json.gz"],
    ])(
      "an %s state file: shown, then put back from the one before; both stay",
      async (_what, broken, before, ending) => {
        const { dir, file, place } = withState(broken, before, ending);
        const { pulumi } = backend(stateOf("killed-at-claim"));
        const shown = await run(dir, {}, pulumi);
        expect(shown).toMatchObject({ code: 10, out: expect.stringContaining("the state") });
        expect(fs.readFileSync(file)).toEqual(Buffer.from(broken));
        expect((await run(dir, { yes: true }, pulumi)).code).toBe(0);
        expect(fs.readFileSync(file)).toEqual(Buffer.from(before));
        expect(fs.readFileSync(`${file}.bak`)).toEqual(Buffer.from(before));
        const aside = fs.readdirSync(place).filter((f) => f.includes(".broken-"));
        expect(aside.map((f) => fs.readFileSync(path.join(place, f)))).toEqual([Buffer.from(broken)]);
      },
    );

    test("empty attributes beside a whole state: shown, then set aside; the state is as it was", async () => {
      const { dir, file } = withState(whole, null);
      fs.writeFileSync(`${file}.attrs`, "");
      const { pulumi } = backend(stateOf("killed-at-claim"));
      expect(await run(dir, {}, pulumi)).toMatchObject({
        code: 10,
        out: expect.stringContaining(".attrs is not whole"),
      });
      expect(fs.existsSync(`${file}.attrs`)).toBe(true);
      expect((await run(dir, { yes: true }, pulumi)).code).toBe(0);
      expect(fs.existsSync(`${file}.attrs`)).toBe(false);
      expect(fs.readFileSync(file, "utf8")).toBe(whole);
    });

    test.each([
      ["no state before it", null],
      ["a state before it that is broken, too", '{"version":3,"chec'],
    ])("an empty state file with %s: nothing is changed, and older states are named", async (_what, before) => {
      const { dir } = withState("", before);
      const files = filesIn(dir);
      const { code, out } = await run(dir, { yes: true }, backend("").pulumi);
      expect([code, out]).toEqual([2, expect.stringContaining("backups")]);
      expect(filesIn(dir)).toEqual(files);
    });

    const locked = (content: object) => {
      const made = withState(whole, null);
      const lock = path.join(made.dir, "state/.pulumi/locks/organization/roadstead/prod/1.json");
      fs.mkdirSync(path.dirname(lock), { recursive: true });
      fs.writeFileSync(lock, JSON.stringify({ username: "me", timestamp: "2026-11-21T00:00:00Z", ...content }));
      return made.dir;
    };
    // Above what Linux gives out: nobody has it.
    const GONE = 2 ** 22 + 1;
    const here = jest.requireActual<{ hostname(): string }>("node:os").hostname();

    test("the lock of a process that is no more is lifted, and that is said", async () => {
      const { calls, pulumi } = backend(stateOf("killed-at-claim"));
      const { code, out } = await run(locked({ pid: GONE, hostname: here }), { yes: true }, pulumi);
      expect([code, calls[0]]).toEqual([0, "cancel"]);
      expect(out).toMatch(/lifts the lock of me@/);
    });

    test("a lock from another machine is lifted only when told so", async () => {
      const dir = locked({ pid: GONE, hostname: "elsewhere" });
      const { calls, pulumi } = backend(stateOf("killed-at-claim"));
      expect(await run(dir, { yes: true }, pulumi)).toMatchObject({
        code: 11,
        out: expect.stringContaining("--lift-lock"),
      });
      expect(calls).toEqual([]);
      expect((await run(dir, { yes: true, liftLock: true }, pulumi)).code).toBe(0);
      expect(calls[0]).toBe("cancel");
    });
  });
});

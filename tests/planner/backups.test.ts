// Copies of piers off their hosts: what may be asked for, what is recorded of it, and which ways to host take it.
import { buildArchitectures } from "../../planner/architecture/build";
import { architectureSchema } from "../../planner/architecture/schema";
import { isAgeRecipient } from "../../planner/backups";
import { plan } from "../../planner/plan/plan";
import { loadRequirements } from "../../planner/requirements/load";

const RECIPIENTS = [
  "age1vz9acwqs7zvnkfd5jg9ycd0500qnz8w4wse7jk2fhlsrdm95cfeqh3rxzx",
  "age19df22rkwk59dwhalwu0pjz6qshf9glmlk5cehyddmhm2zdlraawqgp4k0k",
];
const BACKUPS = {
  bucket: "piers",
  endpoint: "https://nyc3.digitaloceanspaces.com",
  recipients: RECIPIENTS,
  credentials: { secret: "bucketKey" },
};
const file = (over: object = {}, rest: object = {}) =>
  JSON.stringify({ ships: { count: 1 }, environment: "prod", backups: { ...BACKUPS, ...over }, ...rest });
const load = (text: string) => {
  const loaded = loadRequirements(text, "fleet.yaml");
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.requirements;
};
const problems = (text: string) => {
  const loaded = loadRequirements(text, "fleet.yaml");
  return loaded.ok ? [] : loaded.problems;
};

test.each([
  [{}, "weekly"],
  [{ every: "daily" }, "daily"],
  [{ endpoint: undefined, region: "us-east-1", prefix: "fleet/prod" }, "weekly"],
])("a bucket %j is taken, copied to %s", (over, every) => {
  expect(load(file(over)).backups).toMatchObject({ bucket: "piers", every });
});

test.each([
  ["backups.endpoint", { endpoint: "http://insecure.example.com" }],
  ["backups.endpoint", { endpoint: "https://user:word@example.com" }],
  ["backups.region", { endpoint: undefined }],
  ["backups.prefix", { prefix: "../other" }],
  ["backups.bucket", { bucket: "s3://piers" }],
  ["backups.recipients", { recipients: [] }],
  ["backups.recipients[0]", { recipients: ["ssh-ed25519 AAAA"] }],
  ["backups.credentials", { credentials: "AKID secret" }],
  ["backups.every", { every: "hourly" }],
])("%s is refused when it is something else", (path, over) => {
  expect(problems(file(over)).map((p) => p.path)).toEqual([path]);
});

test("a recipient with one wrong letter is refused, wherever the letter is", () => {
  const good = RECIPIENTS[0]!;
  expect(isAgeRecipient(good)).toBe(true);
  for (let at = "age1".length; at < good.length; at++) {
    const wrong = good.slice(0, at) + (good[at] === "q" ? "p" : "q") + good.slice(at + 1);
    expect(isAgeRecipient(wrong)).toBe(false);
  }
  expect(problems(file({ recipients: [good.slice(0, -1) + (good.endsWith("q") ? "p" : "q")] }))).toEqual([
    expect.objectContaining({ accepted: expect.stringContaining("checksum") }),
  ]);
});

test("a secret key of age is refused loudly, and shown nowhere", () => {
  const found = problems(file({ recipients: ["AGE-SECRET-KEY-1CANARY"] }));
  expect(found.length).toBeGreaterThan(0);
  expect(found[0]!.received).toContain("a secret key of age");
  expect(JSON.stringify(found)).not.toContain("CANARY");
});

const planned = (text: string) => plan(load(text));
const rejected = (text: string, mode: string) =>
  planned(text)
    .candidates.find((c) => c.mode === mode)!
    .rejections.find((r) => r.limit.includes("copies of piers"));

test("GroundSeg and clusters are no way to host with them, each with its reason; without them nothing is refused", () => {
  const fleet = { ships: { count: 12 } };
  expect(rejected(file({}, fleet), "groundseg")).toMatchObject({ have: expect.stringContaining("GroundSeg starts") });
  expect(rejected(file({}, fleet), "eks")).toMatchObject({ have: expect.stringContaining("snapshots") });
  expect(rejected(file({}, fleet), "multi-vps")).toBeUndefined();
  expect(rejected(JSON.stringify(fleet), "groundseg")).toBeUndefined();
});

test("they bound what is lost with a volume where nothing else does, and the plan says what they are good for", () => {
  const at = (text: string) => planned(text).candidates.find((c) => c.id.startsWith("vps/digitalocean"))!.recovery;
  const none = JSON.stringify({ ships: { count: 1 } });
  expect(at(none)).toMatchObject({ rpoHours: null, note: expect.stringContaining("no automatic copy off the host") });
  expect(at(file())).toMatchObject({
    rpoHours: 170,
    note: expect.stringContaining("the copy can be read, not started"),
  });
  expect(at(file({ every: "daily" }))).toMatchObject({ rpoHours: 26 });
  expect(planned(file()).warnings).toContainEqual(expect.stringMatching(/bucket piers is yours.*no line of this plan/));
});

test("the lock records them, and is what it was without them", () => {
  const locked = (text: string) => {
    const requirements = load(text);
    const made = plan(requirements);
    const candidate = made.candidates.find((c) => c.id.startsWith("vps/digitalocean") && c.feasible)!;
    const { stacks, problems: found } = buildArchitectures({
      requirements,
      plan: made,
      candidateId: candidate.id,
      stack: "prod",
      previous: new Map(),
    });
    expect(found).toEqual([]);
    return architectureSchema.parse(stacks[0]!.architecture).backup;
  };
  expect(locked(file()).offHost).toEqual({ ...BACKUPS, every: "weekly" });
  expect(locked(JSON.stringify({ ships: { count: 1 }, environment: "prod" }))).not.toHaveProperty("offHost");
});

// The script that copies piers, run by sh against stubs: what is archived, who is started, and what the copy is sealed with.
import { renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { EXAMPLE_RECIPIENTS, isAgeRecipient } from "../../../planner/backups";
import { backupFiles } from "../../../components/host/render/backup";
import { deliveries } from "../../../components/host/render/delivery";
import {
  deliverUserData,
  hostProblems,
  hostSettings,
  renderSettings,
  type HostBackup,
} from "../../../components/host/render";
import { backupState } from "../../../components/host/render/outcome";
import { bareMetal, groundseg, host, planet } from "./sample";
import { booted, ID, type Sandbox } from "./ship-sandbox";

const RECIPIENTS = [
  "age1vz9acwqs7zvnkfd5jg9ycd0500qnz8w4wse7jk2fhlsrdm95cfeqh3rxzx",
  "age19df22rkwk59dwhalwu0pjz6qshf9glmlk5cehyddmhm2zdlraawqgp4k0k",
];
const BACKUP: HostBackup = {
  bucket: "piers",
  endpoint: "https://nyc3.digitaloceanspaces.com",
  recipients: RECIPIENTS,
  credentials: { secret: "bucketKey" },
};
const settings = (over: Partial<HostBackup> = {}) => {
  const { host: h, lock } = bareMetal();
  return { ...hostSettings(h, lock), backup: { ...BACKUP, ...over } };
};
const unit = `roadstead-ship@${ID}.service`;
const record = `var/lib/roadstead/backup/${ID}`;

const STUBS = {
  systemctl: `case $* in
*ActiveState*) for last; do :; done; id=\${last#*@}; [ -e "$ROADSTEAD_ROOT/active/\${id%.service}" ] && echo active || echo inactive ;;
*) exec sh "$ROADSTEAD_ROOT/stubs/systemctl-rest" "$@" ;;
esac`,
  du: "printf '1000\\tx\\n'",
  tar: `echo "tar of a ship that is $(systemctl show -p ActiveState --value ${unit})" >>"$ROADSTEAD_ROOT/calls"; echo PIER; [ ! -e "$ROADSTEAD_ROOT/tar-fails" ]`,
  age: `for out; do :; done
{ echo SEALED; cat; } | tr A-Z a-z >"$out"
echo "age $*" >>"$ROADSTEAD_ROOT/calls"
[ ! -e "$ROADSTEAD_ROOT/started-meanwhile" ] || systemctl start ${unit}`,
  rclone: `echo "rclone $*" >>"$ROADSTEAD_ROOT/calls"; [ ! -e "$ROADSTEAD_ROOT/no-bucket" ]`,
};

function running(): Sandbox {
  const s = booted();
  for (const file of backupFiles(settings())) s.write(file.path.slice(1), file.content, file.mode);
  s.write("stubs/systemctl-rest", s.read("stubs/systemctl"), "0755");
  for (const [name, body] of Object.entries(STUBS)) s.write(`stubs/${name}`, `#!/bin/sh\n${body}\n`, "0755");
  s.write("srv/ships/.roadstead/.backup/rclone.conf", "[b]\n");
  s.write("etc/roadstead/alarm", `#!/bin/sh\necho "$1" >>${s.root}/told\n`, "0755");
  s.script("ship", ["start", ID]);
  s.calls();
  return s;
}
const stopped = (): Sandbox => {
  const s = running();
  s.script("ship", ["stop", ID]);
  s.calls();
  return s;
};
const calls = (s: Sandbox): string[] => s.calls().filter((l) => !l.startsWith("urbit"));

describe("a run", () => {
  it("stops a ship, archives it for its owner's keys alone, starts it, and then sends", () => {
    const s = running();
    expect(s.script("backup", ["run"])).toMatchObject({ code: 0 });
    const [stop, tar, age, start, rclone, ...rest] = calls(s);
    expect([stop, tar, start]).toEqual([
      `systemctl stop ${unit}`,
      "tar of a ship that is inactive",
      `systemctl start ${unit}`,
    ]);
    expect(age).toBe(`age ${RECIPIENTS.map((r) => `-r ${r}`).join(" ")} -o /srv/ships/.roadstead/.backup/${ID}/part`);
    expect(rclone).toMatch(
      new RegExp(
        `^rclone --config \\S+/rclone.conf copyto --no-check-dest (\\S+/(\\d{8}T\\d{6}Z.event-42.tar.zst.age)) b:piers/${ID}/\\2$`,
      ),
    );
    expect(rest).toEqual([]);
    expect(s.read(record)).toMatch(
      new RegExp(`^time=\\S+Z\nevent=42\nsize=12\nobject=piers/${ID}/\\S+.event-42.tar.zst.age\n$`),
    );
    expect(s.has(`srv/ships/.roadstead/.backup/${ID}/part`)).toBe(false);
    expect(s.read("told")).toBe("");
  });

  it("makes no copy before it is due, and one of a ship that is named", () => {
    const s = running();
    s.script("backup", ["run"]);
    s.calls();
    expect([s.script("backup", ["run"]).code, calls(s)]).toEqual([0, []]);
    expect(s.script("backup", ["run", ID]).code).toBe(0);
    expect(calls(s)).toContain(`systemctl stop ${unit}`);
    expect(s.script("backup", ["run", "nobody"]).code).toBe(64);
  });

  it.each([
    ["by systemd's word", "result"],
    ["by its own record", "unclean"],
  ])("archives nothing after a stop that was not clean %s, and starts the ship", (_, file) => {
    const s = running();
    s.write(file, "timeout\n");
    expect(s.script("backup", ["run"]).code).toBe(1);
    const all = calls(s);
    expect(all.join()).not.toMatch(/tar of|rclone/);
    expect(all).toContain(`systemctl start ${unit}`);
    expect(s.read("told")).toContain("no copy was made");
  });

  it("archives a ship that was stopped cleanly once, and never starts it", () => {
    const s = stopped();
    expect(s.script("backup", ["run"])).toMatchObject({ code: 0 });
    const all = calls(s);
    expect(all[0]).toBe("tar of a ship that is inactive");
    expect(all.join()).not.toMatch(/systemctl (start|stop)/);
    expect(s.script("backup", ["run", ID]).code).toBe(0);
    expect(calls(s)).toEqual([]);
  });

  it("leaves a ship alone that lies without a clean stop, is quarantined, or never booted", () => {
    const crashed = running();
    crashed.remove(`active/${ID}`);
    expect(crashed.script("backup", ["run"]).code).toBe(1);
    expect(calls(crashed)).toEqual([]);
    crashed.run("park", { args: ["because"] });
    expect(crashed.script("backup", ["run"]).code).toBe(0);
    expect(calls(crashed)).toEqual([]);
  });

  it("sends no archive of a ship that somebody started meanwhile", () => {
    const s = stopped();
    s.write("started-meanwhile", "");
    expect(s.script("backup", ["run"])).toMatchObject({ code: 1, err: expect.stringContaining("started meanwhile") });
    expect(calls(s).join()).not.toContain("rclone");
  });

  it("sends no archive that was cut off, and starts the ship", () => {
    const s = running();
    s.write("tar-fails", "");
    expect(s.script("backup", ["run"]).code).toBe(1);
    const all = calls(s);
    expect(all.join()).not.toContain("rclone");
    expect(all).toContain(`systemctl start ${unit}`);
  });

  it("does not stop a ship without room for its copy, or without credentials", () => {
    const s = running();
    expect(s.script("backup", ["run"], { FREE: "1000" })).toMatchObject({
      code: 1,
      err: expect.stringContaining("a copy needs 1049576 KiB free and there are 1000"),
    });
    s.remove("srv/ships/.roadstead/.backup/rclone.conf");
    expect(s.script("backup", ["run"]).code).toBe(1);
    expect(calls(s)).toEqual([]);
    expect(s.read("told")).toContain("credentials have not come");
  });

  it.each([
    ["du cannot read all of its pier", "du", "printf '1000\\tx\\n'; exit 1", "needs unknown KiB"],
    ["df fails", "df", "echo head; echo dev 1 1 99999999 1 /; exit 1", "there are unknown"],
    ["df says nothing of use", "df", "echo head; echo dev 1 1 - 1 /", "there are unknown"],
  ])("does not stop a ship while %s: what is not known is no room", (_, program, body, said) => {
    const s = running();
    s.write(`stubs/${program}`, `#!/bin/sh\n${body}\n`, "0755");
    const done = s.script("backup", ["run"]);
    expect(done).toMatchObject({ code: 1, err: expect.stringContaining(said) });
    expect(done.err).not.toMatch(/number|arithmetic/i);
    expect(calls(s)).toEqual([]);
  });

  it("keeps an archive that could not be sent while the room cannot be told", () => {
    const s = running();
    s.write("no-bucket", "");
    s.script("backup", ["run"]);
    s.write("stubs/df", "#!/bin/sh\nexit 1\n", "0755");
    s.script("backup", ["run"]);
    s.remove("no-bucket");
    s.calls();
    expect(s.script("backup", ["run"]).code).toBe(0);
    expect(calls(s)).toEqual([expect.stringMatching(/^rclone .*event-42/)]);
  });

  it("says of a host without ships that there is nothing to do", () => {
    const s = running();
    s.remove("etc/roadstead/ships");
    expect(s.script("backup", ["run"])).toEqual({
      code: 0,
      out: "",
      err: "roadstead: this host has no ships: nothing to copy\n",
    });
  });

  it.each([
    ["itself", ""],
    ["or its log", "/.urb/log"],
    ["or its snapshot", "/.urb/chk"],
  ])("does not stop a ship whose pier %s is a link, of which the link alone would be archived", (_, part) => {
    const s = running();
    const at = join(s.root, `srv/ships/${ID}${part}`);
    renameSync(at, join(s.root, "srv/large"));
    symlinkSync(join(s.root, "srv/large"), at);
    expect(s.script("backup", ["run"])).toMatchObject({ code: 1, err: expect.stringContaining("behind a link") });
    expect(calls(s)).toEqual([]);
    expect(s.has(record)).toBe(false);
  });

  it("keeps what could not be sent for the next one, unless the ship needs the room", () => {
    const s = running();
    s.write("no-bucket", "");
    expect(s.script("backup", ["run"]).code).toBe(1);
    expect(s.has(record)).toBe(false);
    s.calls();
    s.remove("no-bucket");
    expect(s.script("backup", ["run"]).code).toBe(0);
    expect(calls(s)).toEqual([expect.stringMatching(/^rclone .*event-42/)]);
    s.write("no-bucket", "");
    s.script("backup", ["run", ID]);
    expect(s.script("backup", ["run"], { FREE: "1000" }).code).toBe(1);
    s.calls();
    s.remove("no-bucket");
    s.script("backup", ["run"]);
    expect(calls(s)).toEqual([]);
  });

  it("fails once the last copy is two periods old, whatever the reason", () => {
    const s = running();
    s.write(record, "time=2026-01-01T00:00:00Z\nevent=1\n");
    s.write("no-bucket", "");
    expect(s.script("backup", ["run"]).err).toContain("has no copy younger than 336 hours");
  });

  it.each([
    ["is empty", ""],
    ["was torn", "time=\n"],
    ["has a time of day alone", "time=00:00Z\n"],
    ["is no date", "time=2026-13-99T00:00:00Z\n"],
    ["is of a time to come", "time=2031-01-01T00:00:00Z\nevent=5\nsize=12\nobject=x\n"],
  ])("takes a record that %s for none: a copy is made, and until then its lack is said", (_, text) => {
    const s = running();
    s.write(record, text);
    s.write("no-bucket", "");
    expect(s.script("backup", ["run"]).err).toContain("has no copy younger than 336 hours");
    s.remove("no-bucket");
    expect(s.script("backup", ["run"]).code).toBe(0);
    expect(s.read(record)).toContain("event=42\n");
  });

  it("says of a stopped ship without any copy that it has none, also when its event is not known", () => {
    const s = running();
    s.remove(`active/${ID}`);
    for (const at of ["srv/ships/.roadstead", "var/lib/roadstead/ships"]) s.remove(`${at}/${ID}/event`);
    expect(s.script("backup", ["run"]).err).toContain("has no copy younger than 336 hours");
  });

  it("has the record on disk before it takes the old one's place, and the place before the archive goes", () => {
    const s = running();
    s.write(
      "stubs/sync",
      `#!/bin/sh
echo "sync \${1##*/}: $(ls -A "$ROADSTEAD_ROOT/var/lib/roadstead/backup") $(ls "$ROADSTEAD_ROOT/srv/ships/.roadstead/.backup/${ID}" | wc -l)" >>"$ROADSTEAD_ROOT/calls"
`,
      "0755",
    );
    s.script("backup", ["run"]);
    expect(calls(s).filter((l) => l.startsWith(`sync .${ID}:`) || l.startsWith("sync backup:"))).toEqual([
      `sync .${ID}: .${ID} 1`,
      `sync backup: ${ID} 1`,
    ]);
  });

  it("starts, by its last command, whom a killed one had stopped, and nobody else", () => {
    const s = stopped();
    expect(s.script("backup", ["resume"]).code).toBe(0);
    expect(calls(s)).toEqual([]);
    s.write(`run/roadstead/stopped/${ID}`, "");
    expect(s.script("backup", ["resume"]).code).toBe(0);
    expect(calls(s)).toEqual([`systemctl start ${unit}`]);
  });
});

describe("the files", () => {
  const text = (over: Partial<HostBackup> = {}, more = {}) =>
    backupFiles({ ...settings(over), ...more }).find((f) => f.path.endsWith("/backup"))!.content;

  it("are none without a bucket, and the host installs and enables nothing", () => {
    const { host: h, lock } = planet();
    expect(JSON.stringify(renderSettings(hostSettings(h, lock)))).not.toMatch(/rclone|roadstead-backup/);
  });

  it("have the host install what the script needs, and its timer", () => {
    const steps = renderSettings(settings(), { allowMissing: true })
      .steps.map((s) => s.run)
      .join("\n");
    expect(steps).toMatch(/for p in .* age zstd rclone;/);
    expect(steps).toContain("systemctl enable -q --now roadstead-backup.timer\n");
  });

  it("hold no secret, and have the bucket written to without ever being looked at", () => {
    expect(text()).toContain("NO_CHECK_BUCKET=true RCLONE_S3_NO_HEAD=true");
    expect(text()).toContain("RCLONE_S3_ENDPOINT=https://nyc3.digitaloceanspaces.com");
    const s3 = text({ endpoint: undefined, region: "us-east-1" });
    expect(s3).toContain("RCLONE_S3_PROVIDER=AWS RCLONE_S3_REGION=us-east-1 RCLONE_S3_ACL=bucket-owner-full-control");
    expect(s3).not.toContain("ENDPOINT");
  });

  it("do nothing while a host's volume is not mounted", () => {
    expect(text()).not.toContain("mountpoint");
    expect(text({}, { dataDevice: "/dev/disk/by-id/x" })).toContain('mountpoint -q "$root/srv/ships" || ');
  });

  it("have the secret brought over SSH, and none leave that is no pair", () => {
    const [delivery] = deliveries(settings());
    expect(delivery).toMatchObject({
      secret: "bucketKey",
      command: "sudo /usr/local/lib/roadstead/backup credentials",
    });
    expect(delivery!.refusal!("AKID canary/secret=\n")).toBeNull();
    const refusal = delivery!.refusal!("canary");
    expect(refusal).toContain("two words");
    expect(refusal).not.toContain("canary");
  });

  it("fit into the user-data of EC2, beside two people's keys", () => {
    const aws = hostSettings(
      host({ provider: "aws", region: "us-west-2", zone: "us-west-2a", size: "t4g.medium", arch: "arm64" }),
      planet().lock,
    );
    const noise = (n: number) =>
      Array.from({ length: n }, (_, i) => "ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh"[(i * i * 7 + i * 13) % 31]).join("");
    const sshPublicKeys = ["a@b", "c@d"].map((who) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${noise(43)} ${who}`);
    const { userData } = renderSettings({
      ...aws,
      access: { ...aws.access, sshPublicKeys },
      backup: { ...BACKUP, endpoint: undefined, region: "us-east-1" },
    });
    expect(
      Buffer.from(deliverUserData({ name: "home", provider: "aws" }, userData).userDataBase64!, "base64").length,
    ).toBeLessThanOrEqual(16_384 - 200);
  });
});

describe("a bucket", () => {
  it.each([
    ["bucket", { bucket: "Not A Bucket" }],
    ["endpoint", { endpoint: "http://insecure.example.com" }],
    ["region", { endpoint: undefined }],
    ["prefix", { prefix: "/a" }],
    ["every", { every: "hourly" as never }],
    ["recipients", { recipients: [] }],
    ["recipients[1]", { recipients: [RECIPIENTS[0]!, RECIPIENTS[1]!.replace(/.$/, (c) => (c === "q" ? "p" : "q"))] }],
  ])("is refused for its %s", (field, over) => {
    expect(hostProblems(settings(over)).map((p) => p.path)).toEqual([`backups.${field}`]);
  });

  it("is refused with a secret key for a recipient, which is not shown", () => {
    const [problem] = hostProblems(settings({ recipients: ["AGE-SECRET-KEY-1CANARY"] }));
    expect(problem).toMatchObject({ received: "[looks like a secret key of age; not shown]" });
    expect(JSON.stringify(problem)).not.toContain("CANARY");
  });

  it("is refused by `up`, not by a preview, with a recipient of the examples, whose secret nobody has", () => {
    const example = { ...settings(), backup: { ...BACKUP, recipients: [EXAMPLE_RECIPIENTS[0]!] } };
    expect(isAgeRecipient(EXAMPLE_RECIPIENTS[0]!)).toBe(true);
    expect(() => renderSettings(example)).toThrow(/a key of the examples/);
    expect(renderSettings(example, { allowMissing: true }).files.length).toBeGreaterThan(0);
  });

  it("is refused under GroundSeg, with the reason", () => {
    const { host: h, lock } = groundseg();
    const [problem] = hostProblems({ ...hostSettings(h, lock), backup: BACKUP });
    expect(problem).toMatchObject({ path: "backups", fix: expect.stringContaining("GroundSeg starts and stops") });
  });

  it("is what `up` ends with saying of the piers, and that a copy is to read", () => {
    expect(backupState(settings(), {})).toEqual([
      "the piers: an encrypted copy to piers weekly, to read; starting a ship from it needs a breach",
    ]);
  });
});

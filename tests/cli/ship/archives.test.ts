// Archives as tar, gzip, zstd and zip make them, and as nobody should.
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import type { Io } from "../../../cli/io";
import { pierFiles } from "../../../cli/ship/pier-files";
import { lookAtPier } from "../../../planner/ships/pier";
import { workspace } from "../fake-io";
import { type Zipped, zipOf } from "./zip-of";

const EVENT_LOG = gunzipSync(fs.readFileSync(path.join(__dirname, "../../planner/ships/event-log.mdb.gz")));
/** Too long for the oldest header alone. */
const LONG = `long/${"a".repeat(90)}/${"b".repeat(80)}`;

let dir: string;
const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: dir, stdio: "pipe" });

/** The program that Node 20 has nothing for, as far as it is used: here the magic bytes are all there is to undo. */
const ZSTD = '#!/bin/sh\n[ "$1" = -dcq ] && [ "$2" = -- ] || exit 64\nexec tail -c +5 "$3"\n';
const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const io = (): Pick<Io, "cwd" | "env"> => ({ cwd: dir, env: { PATH: `${dir}/bin:${process.env.PATH}` } });

beforeAll(() => {
  dir = workspace({
    "bin/zstd": ZSTD,
    "pier/sampel-palnet/.urb/log/0i0/data.mdb": EVENT_LOG,
    "pier/sampel-palnet/.urb/log/0i0/epoc.txt": "0",
    "pier/sampel-palnet/.urb/chk/image.bin": "x".repeat(3000),
    "pier/sampel-palnet/.bin/live/vere": "runtime",
    [`pier/sampel-palnet/${LONG}`]: "y",
  });
  fs.chmodSync(path.join(dir, "bin/zstd"), 0o755);
  fs.linkSync(path.join(dir, "pier/sampel-palnet/.bin/live/vere"), path.join(dir, "pier/sampel-palnet/.run"));
  fs.symlinkSync("image.bin", path.join(dir, "pier/sampel-palnet/.urb/chk/link"));
  for (const format of ["gnu", "ustar", "pax"])
    run("tar", `--format=${format}`, "-C", "pier", "-cf", `${format}.tar`, ".");
  run("sh", "-c", "gzip -c gnu.tar > pier.tar.gz");
  fs.writeFileSync(path.join(dir, "pier.tar.zst"), Buffer.concat([MAGIC, fs.readFileSync(path.join(dir, "pax.tar"))]));
  const top = path.join(dir, "pier");
  const files = fs.readdirSync(top, { recursive: true, withFileTypes: true }).filter((e) => !e.isDirectory());
  const zipped = files.map((e): Zipped => {
    const full = path.join(e.parentPath, e.name);
    const name = path.relative(top, full);
    return e.isSymbolicLink()
      ? { path: name, text: fs.readlinkSync(full), mode: 0o120777 }
      : { path: name, text: fs.readFileSync(full) };
  });
  fs.writeFileSync(path.join(dir, "pier.zip"), zipOf(zipped));
});

const sum = (bytes: number, entries: { bytes: number }) => bytes + entries.bytes;

test.each(["gnu.tar", "ustar.tar", "pax.tar", "pier.tar.gz", "pier.tar.zst", "pier.zip", "pier"])(
  "%s: every file, its links, its pier and whose it is, without unpacking it",
  async (name) => {
    const { entries, format } = await pierFiles(io(), name);
    expect(name).toContain(format === "directory" ? "pier" : format);
    const paths = entries.map((e) => e.path.replace(/^\.\//, "").replace(/\/$/, ""));
    for (const path of [".urb/log/0i0/data.mdb", ".urb/chk/image.bin", ".run", ".bin/live/vere", LONG])
      expect(paths).toContain(`sampel-palnet/${path}`);
    expect(entries.find((e) => e.kind === "symlink")).toMatchObject({ target: "image.bin" });
    const look = lookAtPier(entries, name);
    expect(look).toMatchObject({ root: "sampel-palnet", ship: "~sampel-palnet", problems: [] });
    // Of a hard link the second name weighs nothing in a tar, and again in a folder.
    const content = EVENT_LOG.length + 1 + 3000 + "runtime".length + 1;
    if (name !== "pier") expect([content, content + "runtime".length]).toContain(entries.reduce(sum, 0));
    expect(look.bytes).toBeGreaterThan(3000);
  },
);

test("an archive that was cut off anywhere, or is damaged, is refused as such", async () => {
  for (const name of ["gnu.tar", "pier.tar.gz", "pier.tar.zst", "pier.zip"]) {
    const whole = fs.readFileSync(path.join(dir, name));
    for (const part of [0.3, 0.6, 0.9]) {
      const cut = `cut-${part}-${name}`;
      // The end mark of a tar alone may be missing, so never less than it.
      fs.writeFileSync(path.join(dir, cut), whole.subarray(0, Math.floor((whole.length - 10_240) * part) + 600));
      await expect(pierFiles(io(), cut)).rejects.toThrow(/cut off|damaged|ends without|neither/);
    }
  }
  const bad = fs.readFileSync(path.join(dir, "gnu.tar"));
  bad[1030]! ^= 1;
  fs.writeFileSync(path.join(dir, "bad.tar"), bad);
  await expect(pierFiles(io(), "bad.tar")).rejects.toThrow(/damaged/);
});

test("what leads out of an archive is seen as it stands there", async () => {
  fs.writeFileSync(path.join(dir, "outside"), "x");
  run("sh", "-c", "mkdir -p deep/er; cd deep/er; tar -P -cf ../../out.tar ../../outside ../../pier");
  const { entries } = await pierFiles(io(), "out.tar");
  expect(lookAtPier(entries, "out.tar").problems[0]!.received).toMatch(/lead out.*"\.\.\/\.\.\/outside"/);
  fs.writeFileSync(path.join(dir, "out.zip"), zipOf([{ path: "../../x", text: "y" }]));
  expect(lookAtPier((await pierFiles(io(), "out.zip")).entries, "out").problems[0]!.received).toMatch(
    /"\.\.\/\.\.\/x"/,
  );
});

test("without the program for .tar.zst that is said, with the way on", async () => {
  await expect(pierFiles({ cwd: dir, env: { PATH: `${dir}/pier` } }, "pier.tar.zst")).rejects.toThrow(/zstd is needed/);
});

test("a key, a text, a fifo and nothing at all are refused, and a key is not shown", async () => {
  const key = "0wAAAAA.BBBBB.CCCCC.DDDDD.EEEEE";
  fs.writeFileSync(path.join(dir, "a.key"), `${key}\n`);
  fs.writeFileSync(path.join(dir, "a.txt"), "hello");
  run("mkfifo", "pipe");
  await expect(pierFiles(io(), "a.key")).rejects.toThrow(/is a boot key.*roadstead ship add/);
  await expect(pierFiles(io(), "a.key")).rejects.not.toThrow(/BBBBB/);
  await expect(pierFiles(io(), "a.txt")).rejects.toThrow(/is neither/);
  await expect(pierFiles(io(), "pipe")).rejects.toThrow(/no regular file/);
  await expect(pierFiles(io(), "none")).rejects.toThrow(/no such file/);
});

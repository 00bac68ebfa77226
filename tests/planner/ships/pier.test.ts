// What is taken for a pier: by its files, its own record of whose it is, and what a running ship leaves in it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { formatOf, isEventLog, lookAtPier, type PierEntry } from "../../../planner/ships/pier";

/** Written by LMDB itself, as the runtime does: version, who (~sampel-palnet), fake and life in a table of their own, then events. */
const EVENT_LOG = gunzipSync(readFileSync(join(__dirname, "event-log.mdb.gz")));

const file = (path: string, more: Partial<PierEntry> = {}): PierEntry => ({ path, kind: "file", bytes: 10, ...more });
const pier = (root: string, head?: Uint8Array): PierEntry[] => [
  { path: `${root}.urb/log/`, kind: "directory", bytes: 0 },
  file(`${root}.urb/log/0i0/data.mdb`, { head }),
  file(`${root}.urb/chk/image.bin`),
];
const look = (entries: PierEntry[], folder = "backup") => lookAtPier(entries, folder);
const words = (entries: PierEntry[]) =>
  look(entries)
    .problems.map((p) => p.received)
    .join("\n");

test("a pier is found at the top, in a folder, and deeper; and its bytes are counted", () => {
  for (const [root, is] of [
    ["", ""],
    ["./", ""],
    ["sampel-palnet/", "sampel-palnet"],
    ["./srv/piers/sampel-palnet/", "srv/piers/sampel-palnet"],
  ] as const)
    expect(look(pier(root))).toMatchObject({ root: is, bytes: 20, problems: [] });
  expect(look([file("notes.txt"), file("x/.urb/put/a.jam")])).toMatchObject({ root: null });
  expect(words([file("notes.txt")])).toMatch(/no pier in it/);
  expect(words([...pier("zod/"), ...pier("nec/")])).toMatch(/several piers: zod, nec/);
});

describe("whose it is", () => {
  test("its event log says, whatever its folder is called", () => {
    expect(look(pier("zod-nec/", EVENT_LOG))).toMatchObject({ ship: "~sampel-palnet" });
    expect(look(pier("", EVENT_LOG), "sampel-palnet")).toMatchObject({ ship: "~sampel-palnet" });
  });
  test("two names in it are no name", () => {
    const other = Buffer.from(EVENT_LOG);
    const at = other.indexOf("who");
    other[at + 3]! ^= 0xff;
    expect(look([...pier("", EVENT_LOG), file(".urb/log/data.mdb", { head: other })]).ship).toBeNull();
  });
  test("without an event log that can be read the folder's name is a hint, when it is a ship's", () => {
    expect(look(pier("dopzod-marzod/", Buffer.from("nothing")))).toMatchObject({
      ship: null,
      folder: "~dopzod-marzod",
    });
    for (const folder of ["pier", "backup", "zod", "my-pier"])
      expect(look(pier(""), folder)).toMatchObject({ folder: null });
    expect(look(pier(""), "sampel-palnet.tar.gz").folder).toBe("~sampel-palnet");
  });
  test("event logs are told from other files by their place", () => {
    for (const path of [".urb/log/data.mdb", "a/.urb/log/0i12.345/data.mdb"]) expect(isEventLog(path)).toBe(true);
    for (const path of ["data.mdb", ".urb/log/x/data.mdb", ".urb/log/0i0/lock.mdb"])
      expect(isEventLog(path)).toBe(false);
  });
});

test("a pier of a ship that runs, or did not stop cleanly, is refused", () => {
  expect(words([...pier(""), file(".vere.lock")])).toMatch(/\.vere\.lock in it: the ship runs/);
  expect(words([...pier("zod/"), file("zod/.http.ports"), file("zod/.vere.lock")])).toMatch(
    /\.vere\.lock and \.http\.ports/,
  );
  // Of somebody else's folder beside it.
  expect(words([...pier("zod/"), file(".vere.lock")])).toBe("");
});

test.each<[string, PierEntry]>([
  ["up and out", file("../../etc/cron.d/x")],
  ["up and out in the middle", file("zod/../../x")],
  ["from the root", file("/etc/passwd")],
  ["a drive", file("C:/x")],
  ["backslashes", file("..\\..\\x")],
  ["a line feed", file("a\nb")],
  ["nothing", file("")],
  ["a device", file("zod/null", { kind: "other" })],
  ["a link from the root", { path: "l", kind: "symlink", bytes: 0, target: "/etc" }],
  ["a link up and out", { path: "zod/l", kind: "symlink", bytes: 0, target: "../../etc" }],
  ["a hard link up and out", { path: "zod/l", kind: "hardlink", bytes: 0, target: "../etc/shadow" }],
])("an archive that would write elsewhere is refused: %s", (_, entry) => {
  expect(words([...pier("zod/"), entry])).toMatch(/names that lead out of it/);
});

test("nor through a link it brings itself; links that stay inside are as good as files", () => {
  const link: PierEntry = { path: "zod/a", kind: "symlink", bytes: 0, target: "b" };
  expect(words([...pier("zod/"), link])).toBe("");
  expect(words([...pier("zod/"), link, file("zod/a/x")])).toMatch(/names that lead out/);
  expect(words([...pier("zod/"), { path: "zod/.run", kind: "hardlink", bytes: 0, target: "zod/.bin/live/vere" }])).toBe(
    "",
  );
});

test.each(["zod/./a", "zod//a", "./zod/././a"])("however its own link is written: %s", (path) => {
  const link = (target: string): PierEntry => ({ path, kind: "symlink", bytes: 0, target });
  expect(words([...pier("zod/"), link("b"), file("zod/a/x")])).toMatch(/names that lead out/);
  expect(words([...pier("zod/"), link("b"), { ...file("zod/h"), kind: "hardlink", target: "zod/a/x" }])).toMatch(
    /names that lead out/,
  );
  expect(words([...pier("zod/"), link("../../x")])).toMatch(/names that lead out/);
  expect(words([...pier("zod/"), link("..")])).toBe("");
});

test("a link by way of another link leads nowhere else", () => {
  const links: PierEntry[] = [
    { path: "zod/up", kind: "symlink", bytes: 0, target: ".." },
    { path: "zod/out", kind: "symlink", bytes: 0, target: "up/../etc" },
  ];
  expect(words([...pier("zod/"), ...links])).toMatch(/names that lead out of it.*"zod\/out"/);
});

test("a running ship's lock is seen, and the pier found, however an archive writes its names", () => {
  for (const name of ["zod/./.vere.lock", "zod//.vere.lock"])
    expect(words([...pier("zod/"), file(name)])).toMatch(/\.vere\.lock in it/);
  expect(look(pier("zod/./"))).toMatchObject({ root: "zod", bytes: 20, problems: [] });
});

test("a file is recognised by what is in it", () => {
  const tar = Buffer.alloc(512);
  tar.write("ustar", 257, "latin1");
  expect(formatOf(Buffer.from([0x1f, 0x8b, 8]))).toBe("tar.gz");
  expect(formatOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))).toBe("tar.zst");
  expect(formatOf(Buffer.from("PK\u0003\u0004"))).toBe("zip");
  expect(formatOf(tar)).toBe("tar");
  expect(formatOf(Buffer.from("0wAAAAA.BBBBB.CCCCC.DDDDD\n"))).toBe("key");
  for (const text of ["", "hello", "0w", "0wAAAAA.BBBBB is no key"]) expect(formatOf(Buffer.from(text))).toBeNull();
});

import fs from "node:fs";
import * as path from "node:path";
import { Stop } from "../../cli/exit";
import { readInput, writeAll } from "../../cli/files";
import { fakeIo, filesIn, workspace } from "./fake-io";

const at = (root: string, file: string, text = "new\n") => ({ root, path: file, text });
const message = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof Stop) return `${error.exit} ${error.message}`;
    throw error;
  }
  return "";
};

test("files are written whole, in folders made for them, and nothing is left beside them", () => {
  const dir = workspace({ "a.txt": "old\n" });
  writeAll([at(dir, "a.txt"), at(dir, "deep/er/b.txt")]);
  expect(filesIn(dir)).toEqual({ "a.txt": "new\n", "deep/er/b.txt": "new\n" });
});

test("a file keeps its permissions", () => {
  const dir = workspace({ "a.txt": "old\n" });
  fs.chmodSync(path.join(dir, "a.txt"), 0o600);
  writeAll([at(dir, "a.txt")]);
  expect(fs.statSync(path.join(dir, "a.txt")).mode & 0o777).toBe(0o600);
});

test("all files or none: one that cannot be staged leaves everything as it was", () => {
  const dir = workspace({ "a.txt": "old\n", "dir/x": "" });
  const before = filesIn(dir);
  expect(message(() => writeAll([at(dir, "a.txt"), at(dir, "made/b.txt"), at(dir, "dir")]))).toContain("2 ");
  expect(filesIn(dir)).toEqual(before);
  expect(fs.existsSync(path.join(dir, "made"))).toBe(false);
});

test("all files or none: a rename that fails puts back what was replaced before it", () => {
  const dir = workspace({ "a.txt": "old\n", "b.txt": "old\n" });
  const before = filesIn(dir);
  const rename = fs.renameSync;
  const spy = jest.spyOn(fs, "renameSync").mockImplementation((from, to) => {
    if (String(to).endsWith("c.txt")) throw Object.assign(new Error("full"), { code: "ENOSPC", path: String(to) });
    rename(from, to);
  });
  try {
    expect(message(() => writeAll([at(dir, "a.txt"), at(dir, "b.txt"), at(dir, "c.txt")]))).toContain("disk is full");
  } finally {
    spy.mockRestore();
  }
  expect(filesIn(dir)).toEqual(before);
});

test("a symbolic link that leads out is refused, and so is a linked folder, a dangling link and ..", () => {
  const outside = workspace({ "victim.txt": "precious\n" });
  const dir = workspace();
  fs.symlinkSync(path.join(outside, "victim.txt"), path.join(dir, "link.txt"));
  fs.symlinkSync(outside, path.join(dir, "stacks"));
  fs.symlinkSync(path.join(outside, "new.txt"), path.join(dir, "dangling.txt"));
  for (const file of ["link.txt", "stacks/Pulumi.prod.yaml", "dangling.txt", "../up.txt", path.join(outside, "x.txt")])
    expect(message(() => writeAll([at(dir, file), at(dir, "fine.txt")]))).toContain("leads out of");
  expect(filesIn(outside)).toEqual({ "victim.txt": "precious\n" });
  expect(fs.existsSync(path.join(dir, "fine.txt"))).toBe(false);
});

test("a link that stays inside is followed, not replaced", () => {
  const dir = workspace({ "real.txt": "old\n" });
  fs.symlinkSync("real.txt", path.join(dir, "link.txt"));
  writeAll([at(dir, "link.txt")]);
  expect(filesIn(dir)).toEqual({ "real.txt": "new\n", "link.txt": "(link)" });
});

test("an input is read as UTF-8, its byte order mark and all", () => {
  const dir = workspace({ "r.yaml": "\ufeffships: 1\n" });
  expect(readInput(fakeIo(dir), "r.yaml", "a file")).toBe("ships: 1\n");
});

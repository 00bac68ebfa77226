// The files of a pier as it is given: a folder, or an archive of one.
import { spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { createGunzip } from "node:zlib";
import { type Format, formatOf, HEAD_BYTES, isEventLog, type PierEntry } from "../../planner/ships/pier";
import { usage } from "../exit";
import type { Io } from "../io";
import { Damaged, MAX_ENTRIES, tarEntries } from "./tar";
import { zipEntries } from "./zip";

export interface PierFiles {
  /** Absolute, links resolved. */
  path: string;
  format: Format;
  entries: PierEntry[];
}

const ACCEPTED = "accepted: a ship's folder, or a .tar, .tar.gz, .tar.zst or .zip of one";

export async function pierFiles(io: Pick<Io, "cwd" | "env">, given: string): Promise<PierFiles> {
  const full = await fs.realpath(path.resolve(io.cwd, given)).catch(() => {
    throw usage(`--pier ${given}: no such file; ${ACCEPTED}. Check the path`);
  });
  const stat = await fs.stat(full);
  try {
    if (stat.isDirectory()) return { path: full, format: "directory", entries: await folder(full) };
    if (!stat.isFile()) throw usage(`--pier ${given}: is no regular file; ${ACCEPTED}`);
    const format = await formatOfFile(full);
    if (format === "key")
      throw usage(
        `--pier ${given}: is a boot key; ${ACCEPTED}. A ship that never ran is added with its key: ` +
          "roadstead ship add FILE ~NAME --key SECRET",
      );
    if (format === null) throw usage(`--pier ${given}: is neither; ${ACCEPTED}. Pack the ship's folder anew`);
    return { path: full, format, entries: await archive(full, format, io.env) };
  } catch (error) {
    if (error instanceof Damaged) throw usage(`--pier ${given}: ${error.message}; ${ACCEPTED}. Pack it anew`);
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM")
      throw usage(`--pier ${given}: no permission to read all of it; ${ACCEPTED}. Run it as who may, or pack it first`);
    throw error;
  }
}

export async function formatOfFile(file: string): Promise<Exclude<Format, "directory"> | "key" | null> {
  const handle = await fs.open(file);
  try {
    const head = Buffer.alloc(65_536);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return formatOf(head.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

async function archive(file: string, format: Exclude<Format, "directory">, env: Io["env"]): Promise<PierEntry[]> {
  if (format === "zip") {
    const handle = await fs.open(file);
    try {
      return await zipEntries(handle);
    } finally {
      await handle.close();
    }
  }
  const raw = createReadStream(file);
  if (format === "tar") return tarEntries(raw);
  if (format === "tar.zst") return tarEntries(unpackedByZstd(file, env));
  const plain = createGunzip();
  raw.on("error", (error) => plain.destroy(error));
  try {
    return await tarEntries(raw.pipe(plain));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw code.startsWith("Z_") ? new Damaged("it is damaged, or was cut off") : error;
  } finally {
    raw.destroy();
  }
}

/** Node 20 knows no zstd. */
async function* unpackedByZstd(file: string, env: Io["env"]): AsyncGenerator<Uint8Array> {
  const child = spawn("zstd", ["-dcq", "--", file], { stdio: ["ignore", "pipe", "ignore"], env });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("close", resolve);
    child.on("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ENOENT"
          ? usage("zstd is needed to look into a .tar.zst, and is not on PATH. Install it, or pack the pier as .tar.gz")
          : error,
      ),
    );
  });
  // Whoever stops reading early must not leave it unobserved.
  ended.catch(() => undefined);
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    if ((await ended) !== 0) throw new Damaged("it is damaged, or was cut off");
  } finally {
    child.kill();
  }
}

async function folder(root: string): Promise<PierEntry[]> {
  const entries: PierEntry[] = [];
  const walk = async (at: string): Promise<void> => {
    for (const entry of await fs.readdir(path.join(root, at), { withFileTypes: true })) {
      const below = at === "" ? entry.name : `${at}/${entry.name}`;
      const full = path.join(root, below);
      if (entries.length >= MAX_ENTRIES) throw new Damaged(`it has more than ${MAX_ENTRIES} entries`);
      if (entry.isDirectory()) {
        entries.push({ path: below, kind: "directory", bytes: 0 });
        await walk(below);
      } else if (entry.isSymbolicLink()) {
        entries.push({ path: below, kind: "symlink", bytes: 0, target: await fs.readlink(full) });
      } else if (entry.isFile()) {
        const { size } = await fs.stat(full);
        entries.push({
          path: below,
          kind: "file",
          // Holes in it are filled where it is unpacked.
          bytes: size,
          ...(isEventLog(below) ? { head: await headOf(full) } : {}),
        });
      } else entries.push({ path: below, kind: entry.isSocket() ? "socket" : "other", bytes: 0 });
    }
  };
  await walk("");
  return entries;
}

async function headOf(file: string): Promise<Uint8Array> {
  const handle = await fs.open(file);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

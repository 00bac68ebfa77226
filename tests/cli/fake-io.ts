// A terminal and a directory of its own for each test of a command.
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { run } from "../../cli/main";
import type { Io } from "../../cli/io";

export interface FakeIo extends Io {
  stdout: string;
  stderr: string;
}

export function fakeIo(cwd: string, overrides: Partial<Io> = {}): FakeIo {
  const io: FakeIo = {
    stdout: "",
    stderr: "",
    out: (text) => void (io.stdout += text),
    err: (text) => void (io.stderr += text),
    outIsTerminal: false,
    errIsTerminal: false,
    inIsTerminal: false,
    columns: 100,
    cwd,
    env: {},
    ...overrides,
  };
  return io;
}

/** A directory with these files, removed when the test file is done. */
export function workspace(files: Record<string, string | Buffer> = {}): string {
  const dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "roadstead-cli-")));
  made.push(dir);
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

const made: string[] = [];
afterAll(() => made.forEach((dir) => fs.rmSync(dir, { recursive: true, force: true })));

export async function roadstead(
  cwd: string,
  args: string[],
  overrides: Partial<Io> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = fakeIo(cwd, overrides);
  const code = await run(args, io);
  return { code, stdout: io.stdout, stderr: io.stderr };
}

/** Every file below a directory with its text, to see that nothing was written. */
export function filesIn(dir: string): Record<string, string> {
  return Object.fromEntries(
    fs
      .readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile() || e.isSymbolicLink())
      .map((e) => path.join(e.parentPath, e.name))
      .sort()
      .map((f) => [path.relative(dir, f), fs.lstatSync(f).isFile() ? fs.readFileSync(f, "utf8") : "(link)"]),
  );
}

export const ONE_PLANET = "ships: [~sampel-palnet]\nenvironment: prod\n";
export const TOO_DEAR = "ships: { count: 50 }\nbudget: { monthly: 500 }\n";

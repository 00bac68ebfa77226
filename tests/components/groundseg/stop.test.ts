// `groundseg stop`, which runs before Docker ends: its ships are asked to stop, and a Docker that does not answer is no empty host.
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { renderHost } from "../../../components/host/render";
import { groundseg } from "../host/sample";
import { temporary } from "../host/temporary";

const { host, lock } = groundseg();
const command = renderHost(host, lock).files.find((f) => f.path === "/usr/local/lib/roadstead/groundseg")!.content;

/** `docker`: what stands for it, a script with PID, that of a ship's runtime, and the number of this call in $n. */
function stop(docker: string, limit = 30_000) {
  const dir = temporary("roadstead-groundseg-");
  const runtime = spawn("sleep", ["300"], { stdio: "ignore" });
  const ended = new Promise<string | null>((resolve) => runtime.once("exit", (_code, signal) => resolve(signal)));
  fs.writeFileSync(
    path.join(dir, "docker"),
    `#!/bin/sh
PID=${runtime.pid} dir=${dir}
n=$(($(cat $dir/n 2>/dev/null || echo 0) + 1))
echo $n >$dir/n
alive() { [ "$(cut -d ' ' -f 3 /proc/$PID/stat 2>/dev/null || echo Z)" != Z ]; }
table() { printf 'PID PPID COMMAND\\n1 0 init\\n%s 1 urbit\\n999999 %s urbit\\n' $PID $PID; }
${docker}
`,
    { mode: 0o755 },
  );
  // Whoever runs the tests may not be root.
  fs.writeFileSync(path.join(dir, "groundseg"), command.replace("if os.geteuid():", "if False:"));
  const { status, signal, stderr } = spawnSync("python3", [path.join(dir, "groundseg"), "stop"], {
    encoding: "utf8",
    timeout: limit,
    env: { ...process.env, PATH: `${dir}:${process.env.PATH}` },
  });
  runtime.kill("SIGKILL");
  return { status, signal, said: stderr.trim().split("\n"), ended };
}

const SHIP = "roadstead: groundseg: sampel-palnet is asked to stop";
const SILENT = "roadstead: groundseg: Docker does not say which ships run: asking on";

it("asks each ship's first process once, and waits for its end", async () => {
  const { status, said, ended } = stop("case $1 in ps) ! alive || echo sampel-palnet ;; top) table ;; esac");
  expect([status, said, await ended]).toEqual([0, [SHIP], "SIGTERM"]);
});

it("goes on asking a Docker that fails or knows half, until it says that no ship runs", async () => {
  const { status, said, ended } = stop(
    "case $1.$n in *.1 | top.3) exit 1 ;; ps.*) ! alive || echo sampel-palnet ;; top.*) table ;; esac",
  );
  expect([status, said, await ended]).toEqual([0, [SILENT, SHIP], "SIGTERM"]);
});

it("never takes no answer for no ship: it asks until its unit's time is over", async () => {
  const { status, signal, said, ended } = stop("exit 1", 5_000);
  expect([status, signal, said, await ended]).toEqual([null, "SIGTERM", [SILENT], "SIGKILL"]);
});

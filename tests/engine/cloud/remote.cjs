// What a command for a host comes to here: it runs on this machine, with a `sudo` that does what the test's host would answer
// (host/answer, a piece of shell; nothing when it is not there) and touches nothing. Every run is a line of host/runs.jsonl.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { Refused } = require("./store.cjs");

function runRemote(cloud, urn, { connection, stdin = "" }, command) {
  const dir = path.join(cloud.dir, "host");
  fs.mkdirSync(path.join(dir, "bin"), { recursive: true });
  const sudo = path.join(dir, "bin/sudo");
  fs.writeFileSync(sudo, `#!/bin/sh\n[ ! -e '${dir}/answer' ] || . '${dir}/answer'\n`, { mode: 0o755 });
  const done = spawnSync("sh", ["-c", command], {
    input: stdin,
    encoding: "utf8",
    timeout: 20_000,
    env: { PATH: `${path.join(dir, "bin")}:/usr/bin:/bin` },
  });
  const line = JSON.stringify({ urn, connection, command, stdin, code: done.status });
  fs.appendFileSync(path.join(dir, "runs.jsonl"), `${line}\n`);
  // As the provider says it: the command, and all that it printed.
  if (done.status !== 0)
    throw new Refused(
      `Process exited with status ${done.status}: running ${JSON.stringify(command)}:\n${done.stdout}${done.stderr}`,
    );
  return { stdout: done.stdout.trimEnd(), stderr: done.stderr.trimEnd() };
}

module.exports = { runRemote };

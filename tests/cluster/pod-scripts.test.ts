// The scripts of a ship's pod by shellcheck's judgment: they run as POSIX sh in images whose shell is dash or busybox.
import { spawnSync } from "node:child_process";
import { SCRIPTS, TAKE_SCRIPTS } from "../../components/fleet/render/scripts";

test.each([...Object.entries(SCRIPTS), ["the pod's beginning", TAKE_SCRIPTS]])(
  "%s: nothing that shellcheck finds",
  (_name, script) => {
    const { error, stdout, status } = spawnSync("shellcheck", ["--shell=sh", "--severity=style", "-"], {
      input: script,
      encoding: "utf8",
    });
    if (error !== undefined)
      throw new Error(
        `shellcheck is missing (${error.message}): install it, on Debian with apt-get install shellcheck`,
      );
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  },
);

// The scripts of a ship's pod by shellcheck's judgment: they run as POSIX sh in images whose shell is dash or busybox. And those
// that bring a pier in, which run wherever the pier is.
import { spawnSync } from "node:child_process";
import { clusterScript, hostScript } from "../../cli/ship/import-script";
import { FORMATS } from "../../planner/ships/pier";
import { SCRIPTS, TAKE_SCRIPTS } from "../../components/fleet/render/scripts";

const SHIP = { id: "sampel-palnet", name: "~sampel-palnet", tenant: "t-0123456789", loom: 31 };
const imports = FORMATS.flatMap((format): [string, string][] => {
  const source = { path: "/a b/it's", format, root: "in here", bytes: 1 };
  return [
    [`an import from a ${format} to a cluster`, clusterScript(SHIP, "prod", 4711, source)],
    [`an import from a ${format} to a host`, hostScript(SHIP, 4711, source)],
  ];
});

test.each([...Object.entries(SCRIPTS), ["the pod's beginning", TAKE_SCRIPTS], ...imports])(
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

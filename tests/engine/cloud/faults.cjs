// Faults a test asks for, from a JSON file named in ROADSTEAD_FAULTS: [{ on, type, nth, what, ms }].
// on: create, update or delete; type: a regular expression; nth: counted over all processes of one cloud, every call when
// left out; what: fail, slow, hang, kill-before or kill-after (of the engine, around the call).
const { existsSync, readFileSync } = require("node:fs");

const { setTimeout } = require("node:timers");

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function faults(cloud, file) {
  const all = file && existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
  const counted = (fault) => fault.nth === undefined || cloud.next(JSON.stringify(fault)) === fault.nth;
  const killEngine = () => {
    process.kill(process.ppid, "SIGKILL");
    process.exit(1);
  };
  /** Does `act` with what was asked for around it. */
  return async (on, type, act) => {
    const now = all.filter((f) => f.on === on && new RegExp(f.type ?? ".").test(type) && counted(f));
    for (const { what, ms = 2_000 } of now) {
      if (what === "fail") throw new Error(`injected: ${on} of ${type} failed`);
      if (what === "slow") await sleep(ms);
      if (what === "hang") await new Promise(() => undefined);
      if (what === "kill-before") killEngine();
    }
    const result = await act();
    if (now.some((f) => f.what === "kill-after")) killEngine();
    return result;
  };
}

module.exports = { faults };

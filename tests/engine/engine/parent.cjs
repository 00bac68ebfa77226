// A plugin whose engine was killed has nobody to end it: it ends itself. Its parent may be gone before it is up, so the
// engine's port is asked, too. An engine whose test was killed knows nothing of it: its plugins end it.
const { connect } = require("node:net");
const { setInterval } = require("node:timers");

const EVERY_MS = 500;

/** `engine`: host and port the engine listens on. */
function endWithParent(engine, before = () => undefined) {
  const parent = process.ppid;
  const [host, port] = engine.split(":");
  const end = () => {
    before();
    process.exit(1);
  };
  const owner = Number(process.env.ROADSTEAD_OWNER);
  setInterval(() => {
    if (process.ppid !== parent) end();
    if (owner > 1 && !runs(owner)) {
      process.kill(parent, "SIGKILL");
      end();
    }
    const asked = connect({ host, port: Number(port) }, () => asked.destroy());
    asked.on("error", (error) => error.code === "ECONNREFUSED" && end());
  }, EVERY_MS).unref();
}

function runs(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

module.exports = { endWithParent };

// A plugin whose engine was killed has nobody to end it: it ends itself. Its parent may be gone before it is up, so the
// engine's port is asked, too.
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
  setInterval(() => {
    if (process.ppid !== parent) end();
    const asked = connect({ host, port: Number(port) }, () => asked.destroy());
    asked.on("error", (error) => error.code === "ECONNREFUSED" && end());
  }, EVERY_MS).unref();
}

module.exports = { endWithParent };

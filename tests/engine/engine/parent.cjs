// A plugin whose engine was killed has nobody to end it: it ends itself.
const EVERY_MS = 300;

const { setInterval } = require("node:timers");

function endWithParent(before = () => undefined) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid === parent) return;
    before();
    process.exit(1);
  }, EVERY_MS).unref();
}

module.exports = { endWithParent };

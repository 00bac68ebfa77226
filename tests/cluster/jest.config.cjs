/** @type {import("jest").Config} */
module.exports = require("../suite/jest.cjs")(__dirname, {
  // A control plane holds about 600 MB and both cores: one at a time.
  testTimeout: 120_000,
});

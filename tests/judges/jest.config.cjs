/** @type {import("jest").Config} */
module.exports = require("../suite/jest.cjs")(__dirname, {
  // checkov reads every fleet in one run.
  testTimeout: 600_000,
});

/** @type {import("jest").Config} */
module.exports = require("../suite/jest.cjs")(__dirname, {
  // One machine at a time; each wait has its own, longer limit.
  testTimeout: 1_800_000,
  bail: 1,
});

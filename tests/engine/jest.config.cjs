/** @type {import("jest").Config} */
module.exports = require("../suite/jest.cjs")(__dirname, {
  // An engine, its providers and a program are six processes.
  maxWorkers: 2,
  testTimeout: 300_000,
});

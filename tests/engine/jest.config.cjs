/** @type {import("jest").Config} */
module.exports = {
  ...require("../../jest.config.cjs"),
  rootDir: "../..",
  roots: ["<rootDir>/tests/engine"],
  testPathIgnorePatterns: [],
  // An engine, its providers and a program are six processes.
  maxWorkers: 2,
  testTimeout: 300_000,
};

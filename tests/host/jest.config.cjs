/** @type {import("jest").Config} */
module.exports = require("../suite/jest.cjs")(__dirname, {
  // A machine wants both cores while it boots: one file at a time.
  testTimeout: 180_000,
});

/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  roots: ["<rootDir>/tests"],
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/tests/(engine|cluster|host|vm|browser|bench|judges)/"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
  setupFilesAfterEnv: ["<rootDir>/tests/stack-traces.cjs"],
  // Pulumi's runtime keeps one set of settings a process; two workers on two cores is the measured optimum.
  maxWorkers: 2,
  // Property tests plan hundreds of times: on a busy machine that is more than Jest's five seconds.
  testTimeout: 60_000,
};

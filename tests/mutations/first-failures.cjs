// Jest reporter: which tests failed and how many passed, written after each test file to the file that the environment names.
// The suites' own runners hand arguments on to Jest and keep its report to themselves.
const { writeFileSync } = require("node:fs");

/** Jest's own words for a test, a hook or a property that took too long. */
const SLOW = /Exceeded timeout of|thrown: "Exceeded|exceeded .*time limit/i;

module.exports = class FirstFailures {
  constructor() {
    this.seen = { passed: 0, failures: [] };
  }
  onTestResult(test, result) {
    this.seen.passed += result.numPassingTests;
    for (const { status, fullName, failureMessages } of result.testResults)
      if (status === "failed") this.add(test.path, fullName, failureMessages.join("\n"));
    if (result.testExecError) this.add(test.path, "(does not load)", String(result.failureMessage));
    writeFileSync(process.env.ROADSTEAD_MUTATION_RESULT, JSON.stringify(this.seen));
  }
  add(path, test, message) {
    this.seen.failures.push({ path, test, slow: SLOW.test(message), message: message.slice(0, 2_000) });
  }
};

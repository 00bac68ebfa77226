// Rules that judge what others build.
const policies = ["tests/policies"];
const part = "policies";

module.exports = [
  {
    id: "rule-passes-what-is-unset",
    part,
    title: "a pier whose protection is not set passes the rule",
    file: "policies/rules/ships.ts",
    find: 'if (r.options.protect !== true) yield "the volume',
    replace: 'if (r.options.protect === false) yield "the volume',
    suites: policies,
  },
  {
    id: "unknown-passes",
    part,
    title: "a rule that could not be decided is counted as passed",
    file: "policies/rules/index.ts",
    find: 'if (found.length === 0) return said("undecided",',
    replace: 'if (found.length === 0) return said("pass",',
    suites: policies,
  },
  {
    id: "half-the-world-is-not-open",
    part,
    title: "the rule about administration ports knows 0.0.0.0/0 only",
    file: "policies/rules/networks.ts",
    find: "if (worldOpenCidr(String(cidr))) yield `${what}",
    replace: 'if (String(cidr) === "0.0.0.0/0") yield `${what}',
    suites: policies,
  },
];

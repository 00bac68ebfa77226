// The deliberate faults, as data. Each compiles, is what somebody might write, and breaks one promise.
module.exports = [
  "ships",
  "hosts",
  "deliveries",
  "homes",
  "upgrades",
  "tenants",
  "platform",
  "existing",
  "ames",
  "account",
  "stacks",
  "planner",
  "policies",
  "preview",
  "cli",
  "doctor",
].flatMap((part) => require(`./${part}.cjs`));

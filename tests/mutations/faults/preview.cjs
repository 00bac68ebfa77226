// What is shown before anything happens.
const part = "preview";

module.exports = [
  {
    id: "preview-shows-secrets",
    part,
    title: "secret values are in the preview's graph",
    file: "preview/runtime.ts",
    find: "if (signature === SECRET) return redacted(object.value);",
    replace: "if (signature === SECRET) return readable(object.value);",
    suites: ["tests/preview/write.test.ts"],
  },
  {
    id: "preview-without-removed-ships",
    part,
    title: "a further cell is drawn without its removed ships",
    file: "preview/cells.ts",
    find: "tombstones: architecture.tombstones,",
    replace: "tombstones: [],",
    suites: ["tests/preview/removed.test.ts"],
  },
  {
    id: "first-boot-not-foretold",
    part,
    title: "the ledger calls a ship that never booted one that is kept",
    file: "preview/ledger.ts",
    find: '(state !== undefined && state.firstBoot !== "never")',
    replace: "state !== undefined",
    suites: ["tests/preview/ledger.test.ts"],
  },
];

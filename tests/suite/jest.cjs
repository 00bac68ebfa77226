// What every suite outside `npm test` is to Jest: the files of one folder, one at a time, in one process whose end ends
// them all. `own` says where a suite differs.
const { join } = require("node:path");

module.exports = (folder, own = {}) => ({
  ...require("../../jest.config.cjs"),
  rootDir: join(__dirname, "../.."),
  roots: [folder],
  testPathIgnorePatterns: [],
  maxWorkers: 1,
  ...own,
});

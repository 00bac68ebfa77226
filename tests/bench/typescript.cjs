// Lets the bench load the engine suite's own TypeScript, which only Jest knows how to read otherwise.
const { transformFileSync } = require("@swc/core");

const options = {
  swcrc: false,
  jsc: { parser: { syntax: "typescript" }, target: "es2022" },
  module: { type: "commonjs" },
};
require.extensions[".ts"] = (module, file) => module._compile(transformFileSync(file, options).code, file);

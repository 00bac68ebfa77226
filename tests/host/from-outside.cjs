// Loads TypeScript as the tests do, for a program that is run as a process of its own: node -r this file.ts.
const { readFileSync } = require("node:fs");
const { transformSync } = require("@swc/core");

require.extensions[".ts"] = (module, filename) =>
  module._compile(
    transformSync(readFileSync(filename, "utf8"), {
      filename,
      sourceMaps: "inline",
      jsc: { parser: { syntax: "typescript" }, target: "es2022" },
      module: { type: "commonjs" },
    }).code,
    filename,
  );

// Looked for in their order, and there is a regions.ts beside a regions.json.
for (const other of [".json", ".node"]) {
  const load = require.extensions[other];
  delete require.extensions[other];
  require.extensions[other] = load;
}

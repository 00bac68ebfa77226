// Last step of the build: makes the command executable, and `npx roadstead` in a checkout start it directly.
// Without the link npx would fetch every dependency a second time into its own cache, over the network.
const fs = require("node:fs");
const path = require("node:path");

const main = path.join(__dirname, "..", "dist", "cli", "main.js");
const bin = path.join(__dirname, "..", "node_modules", ".bin");
const link = path.join(bin, "roadstead");

fs.chmodSync(main, 0o755);
fs.mkdirSync(bin, { recursive: true });
fs.rmSync(link, { force: true });
if (process.platform === "win32") {
  const target = path.relative(bin, main);
  fs.writeFileSync(`${link}.cmd`, `@node "%~dp0\\${target}" %*\r\n`);
} else {
  fs.symlinkSync(path.relative(bin, main), link);
}

// Preloaded into the test run: it ends when its standard input does, that is, when whoever started it is gone.
process.stdin.on("end", () => process.exit(1)).on("error", () => process.exit(1));
process.stdin.resume();
process.stdin.unref();

// Writes the process's own peak memory, in KiB, where the bench looks for it.
const { writeFileSync } = require("node:fs");
process.on("exit", () => writeFileSync(process.env.ROADSTEAD_BENCH_PEAK, String(process.resourceUsage().maxRSS)));

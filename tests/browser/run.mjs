/* global document, requestAnimationFrame, window */
// The report in a real browser: `npm run test:browser`. It needs the built planner (dist/) and Debian's chromium.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { contrastFaults, layoutFaults, shape } from "./in-page.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const require = createRequire(join(root, "package.json"));
const dist = join(root, process.env.ROADSTEAD_DIST ?? "dist");
const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";

function stop(message) {
  console.error(message);
  console.log("0 passed, 1 failed");
  process.exit(1);
}
if (!existsSync(chromiumPath)) stop(`no browser at ${chromiumPath}: apt-get install chromium, or set CHROMIUM`);
if (!existsSync(join(dist, "planner/report/index.js"))) stop("the planner is not built: npm run build");

const { chromium } = require("playwright-core");
const { loadRequirements, plan } = require(join(dist, "planner/index.js"));
const { renderHtml } = require(join(dist, "planner/report/index.js"));

const EVIL = `</title></style><script>window.pwned=1</script><img src="http://pwned.invalid/x.png" onerror="window.pwned=2">`;

/** Every example, and one page whose every free text is an attack. */
function pages() {
  const read = (name, text) => {
    const loaded = loadRequirements(text, name);
    if (!loaded.ok) throw new Error(`${name}: ${JSON.stringify(loaded.problems)}`);
    return { name, requirements: loaded.requirements, plan: plan(loaded.requirements) };
  };
  const folder = join(root, "examples");
  const examples = readdirSync(folder)
    .filter((f) => f.endsWith(".yaml"))
    .map((f) => read(f, readFileSync(join(folder, f), "utf8")));
  const attacked = read(
    "attack",
    `ships: { named: [{ name: ~zod, customer: ${JSON.stringify(EVIL.slice(16, 62))} }] }\nbudget: { monthly: 90 }\n`,
  );
  attacked.requirements.ships.named[0].customer = EVIL;
  attacked.requirements.domain = EVIL;
  for (const c of attacked.plan.candidates) {
    c.why.push(EVIL);
    c.lines.forEach((l) => (l.source = l.driver = EVIL));
    c.rejections.forEach((x) => (x.fix = EVIL));
  }
  attacked.plan.warnings.push(EVIL);
  return [...examples, attacked];
}

let passed = 0;
let failed = 0;
function check(page, promise, holds, detail = "") {
  if (holds) passed++;
  else {
    failed++;
    console.log(`FAILED ${page}: ${promise}${detail ? `\n       ${detail}` : ""}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "roadstead-report-"));
const browser = await chromium.launch({
  executablePath: chromiumPath,
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  for (const report of pages()) {
    const url = pathToFileURL(join(folder, `${report.name}.html`)).href;
    writeFileSync(fileURLToPath(url), renderHtml(report));
    for (const width of [400, 1200])
      for (const colorScheme of ["light", "dark"]) await look(report, url, width, colorScheme);
    await print(report, url);
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function look({ name, plan }, url, width, colorScheme) {
  const label = `${name} at ${width} px, ${colorScheme}`;
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const said = [];
  const asked = [];
  page.on("console", (m) => said.push(m.text()));
  page.on("pageerror", (e) => said.push(String(e)));
  page.on("dialog", (d) => (said.push(d.message()), d.dismiss()));
  page.on("request", (r) => asked.push(r.url()));
  await page.goto(url);

  const seen = await page.evaluate(shape);
  check(
    label,
    "one main heading, first of all",
    seen.headings[0] === "H1" && seen.headings.filter((h) => h === "H1").length === 1,
  );
  check(label, "no level of heading is jumped over", seen.jumps.length === 0, seen.jumps.join(", "));
  check(
    label,
    "a row for each candidate",
    seen.rows === plan.candidates.length,
    `${seen.rows} of ${plan.candidates.length}`,
  );
  check(
    label,
    "the verdict comes first",
    seen.sections[0] === "decision" && /nothing/i.test(seen.h1) === (plan.chosen === null),
    seen.h1,
  );
  check(
    label,
    "the chosen row is marked, and only when one was chosen",
    seen.chosen === (plan.chosen === null ? 0 : 1),
  );
  check(
    label,
    "every drawing has marks and a size",
    seen.empty.length === 0 && seen.drawings >= 2,
    `${seen.drawings} drawings; empty: ${seen.empty.join(", ")}`,
  );
  check(label, "every drawing says what it shows", seen.unnamed === 0);
  check(label, "nothing written to the console, no dialog", said.length === 0, said.join("; "));
  check(label, "no request but for the page itself", asked.length === 1, asked.slice(1).join(", "));
  check(label, "nothing a user wrote was run", (await page.evaluate(() => window.pwned)) === undefined);

  const faults = await page.evaluate(layoutFaults);
  check(label, "no sideways scrolling", faults.overflow === null, faults.overflow ?? "");
  check(label, "every text of a drawing lies inside it", faults.clipped.length === 0, faults.clipped.join("; "));
  check(label, "no text of a drawing lies over another", faults.overlaps.length === 0, faults.overlaps.join("; "));

  await page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));
  const open = await page.evaluate(layoutFaults);
  check(label, "no sideways scrolling with everything open", open.overflow === null, open.overflow ?? "");
  const faint = await page.evaluate(contrastFaults);
  check(label, "text can be read: contrast of at least 4.5", faint.length === 0, faint.join("; "));
  await page.close();
}

async function print({ name, plan }, url) {
  const page = await browser.newPage({ viewport: { width: 700, height: 990 }, colorScheme: "dark" });
  await page.goto(url);
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  // What was skipped as off-screen is laid out with the next frame.
  const hidden = await page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const folded = [...document.querySelectorAll("details > :not(summary)")];
    return folded.filter(
      (e) => !e.checkVisibility({ contentVisibilityAuto: true }) || e.getBoundingClientRect().height < 10,
    ).length;
  });
  check(`${name} on paper`, "what is folded on screen is printed", hidden === 0, `${hidden} hidden`);
  const pdf = await page.pdf({ format: "A4" });
  check(`${name} on paper`, "prints", pdf.length > 10_000 && plan.candidates.length > 0);
  await page.close();
}

// What Lynis finds on a Debian as it comes and on a host of Roadstead; whatever it still finds is argued in docs/hardening.md.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { internet, seed } from "./downloads";
import { attic, rendered } from "./hosts";
import { Machine, stopAll } from "./machine/machine";

const page = readFileSync(join(__dirname, "../../docs/hardening.md"), "utf8");
/** First cells of the page's table of what is left: a rule, or a rule and the detail of it that is meant. */
const argued = [...page.matchAll(/^\| `([A-Z0-9]+-\d+|LYNIS)(?: ([\w.-]+))?` /gm)].map((m) =>
  [m[1], m[2]].filter(Boolean).join(" "),
);

/** Rules by their id, those with details one a detail. */
async function found(userData: string, ready: string): Promise<{ index: number; rules: string[] }> {
  const machine = await Machine.start({ files: [...internet, ...seed(userData)] });
  await machine.until("the set-up", ready, 300);
  machine.get(
    "apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends lynis",
    { limit: 180_000 },
  );
  machine.sh("lynis audit system --quick --no-colors --nolog", { limit: 900_000 });
  const report = machine.get("cat /var/log/lynis-report.dat");
  await machine.stop();
  const rules = [...report.matchAll(/^(?:suggestion|warning)\[\]=([^|]+)\|/gm)].map((m) => m[1]!);
  const details = [...report.matchAll(/^details\[\]=([^|]+)\|.*;field:([^;]+);/gm)].map((m) => `${m[1]} ${m[2]}`);
  const detailed = new Set(details.map((d) => d.split(" ")[0]));
  return {
    index: Number(/^hardening_index=(\d+)$/m.exec(report)![1]),
    rules: [...new Set([...rules.filter((r) => !detailed.has(r)), ...details])].sort(),
  };
}
afterAll(stopAll);

it("Lynis finds less than before, and each thing it still finds is named with a reason, none in vain", async () => {
  const host = attic();
  host.lock = { ...host.lock, dns: { domain: "fleet.example.com", zoneId: null } };
  const before = await found("#cloud-config\n{}\n", "cloud-init status | grep -q done");
  const after = await found(rendered(host).userData, "[ -e /var/lib/roadstead/bootstrap.done ]");
  expect(after.rules.filter((rule) => !argued.includes(rule))).toEqual([]);
  // What the kernel of this machine decides may be fine elsewhere.
  expect(argued.filter((rule) => !rule.startsWith("KRNL") && !after.rules.includes(rule))).toEqual([]);
  expect(after.rules.length).toBeLessThan(before.rules.length);
  expect(after.index).toBeGreaterThan(before.index);
  process.stderr.write(
    `before: ${before.rules.length} findings, index ${before.index}; after: ${after.rules.length}, ${after.index}\n`,
  );
}, 1_400_000);

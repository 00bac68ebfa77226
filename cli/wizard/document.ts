// Answers → requirements file: a commented new one, or the existing one with only the answered keys changed. Pure.
import type { Document } from "yaml";
import { isMap, isScalar, isSeq, parseDocument, type Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { type Answers, readRegion, readShips, SCALE_COUNT, type ShipsAnswer } from "./answers";

export type Edited = { ok: true; text: string; changed: string[] } | { ok: false; message: string };

/** The file as it should be after these answers. Unanswered questions change nothing. */
export function requirementsText(answers: Answers, existing: string | null): Edited {
  if (existing === null) return { ok: true, text: newFile(answers), changed: ["(new file)"] };
  const doc = parseDocument(existing, { uniqueKeys: true });
  if (doc.errors.length > 0 || (doc.contents !== null && !isMap(doc.contents)))
    return {
      ok: false,
      message: "it is not a YAML or JSON mapping; accepted: a requirements file. Correct it, or name another file",
    };
  if (doc.contents === null) return requirementsText(answers, null);
  const changed: string[] = [];
  const set = (path: string[], value: unknown) => {
    if (JSON.stringify(plain(doc, path)) === JSON.stringify(value)) return;
    setIn(doc, path, value);
    changed.push(path.join("."));
  };

  if (answers.purpose !== undefined) {
    set(["purpose"], answers.purpose);
    // Only where the file does not say it: the environment decides which stack may record the plan.
    if (!doc.has("environment")) set(["environment"], environmentOf(answers));
  }
  const ships = shipsOf(answers, hasShips(doc));
  if (ships !== null) {
    const refused = editShips(doc, ships, changed);
    if (refused !== null) return { ok: false, message: refused };
  }
  if (answers.experience !== undefined) set(["experience"], answers.experience);
  if (answers.budget === "none" && doc.has("budget")) {
    doc.delete("budget");
    changed.push("budget");
  } else if (typeof answers.budget === "number") set(["budget", "monthly"], answers.budget);
  if (answers.compliance !== undefined && !(answers.compliance.length === 0 && !doc.has("compliance")))
    set(["compliance"], answers.compliance);
  if (answers.region !== undefined) {
    const region = readRegion(answers.region);
    if ("residency" in region) set(["regions", "residency"], region.residency);
    else set(["regions", "allowed"], region.allowed);
  }
  if (answers.sla !== undefined) set(["sla"], answers.sla);
  return { ok: true, text: changed.length === 0 ? existing : render(doc, existing), changed };
}

/** What the existing file answers already, so that a second run starts from it. */
export function answersIn(existing: string): Answers {
  const doc = parseDocument(existing);
  if (doc.errors.length > 0 || !isMap(doc.contents)) return {};
  const file = doc.toJS({ maxAliasCount: 50 }) as Record<string, unknown>;
  const found: Record<string, unknown> = {};
  for (const key of ["purpose", "experience", "compliance", "sla"]) if (file[key] !== undefined) found[key] = file[key];
  const budget = (file.budget as { monthly?: unknown } | undefined)?.monthly;
  if (typeof budget === "number") found.budget = budget;
  const regions = file.regions as { residency?: unknown; allowed?: unknown } | undefined;
  if (regions?.allowed !== undefined) found.region = regions.allowed;
  else if (regions?.residency !== undefined) found.region = regions.residency;
  const ships = file.ships as
    { count?: unknown; types?: Record<string, number>; named?: unknown } | unknown[] | undefined;
  if (ships !== undefined && !Array.isArray(ships) && ships?.named === undefined) {
    if (ships?.types)
      found.ships = Object.entries(ships.types)
        .map(([k, n]) => `${n} ${k}`)
        .join(", ");
    else if (typeof ships?.count === "number") found.ships = ships.count;
  } else if (ships !== undefined) {
    const list = (Array.isArray(ships) ? ships : (ships.named as unknown[])) ?? [];
    const names = list.map((s) => (typeof s === "string" ? s : (s as { name?: string } | null)?.name));
    if (names.length > 0 && names.every((n) => typeof n === "string")) found.ships = names;
  }
  return found as Answers;
}

function shipsOf(answers: Answers, haveSome: boolean): ShipsAnswer | null {
  if (answers.ships !== undefined) {
    const read = readShips(answers.ships);
    if (read.ok) return read.value;
  }
  // A scale is only a first guess: it never overrules what a file says.
  if (haveSome) return null;
  return { count: answers.scale === undefined ? 1 : SCALE_COUNT[answers.scale] };
}

function environmentOf(answers: Answers): string {
  return answers.purpose === "production" ? "prod" : "dev";
}

function hasShips(doc: Document): boolean {
  return doc.has("ships") && plain(doc, ["ships"]) !== null;
}

function plain(doc: Document, path: string[]): unknown {
  const node = doc.getIn(path, true);
  return node === undefined || node === null ? node : ((node as { toJS?(d: Document): unknown }).toJS?.(doc) ?? node);
}

function setIn(doc: Document, path: string[], value: unknown): void {
  const at = doc.getIn(path, true);
  // The scalar itself is changed, so that a comment behind it stays.
  if (isScalar(at) && (typeof value !== "object" || value === null)) {
    (at as Scalar).value = value;
    return;
  }
  for (let depth = 1; depth < path.length; depth++) {
    const parent = doc.getIn(path.slice(0, depth), true);
    if (!isMap(parent)) doc.setIn(path.slice(0, depth), doc.createNode({}));
  }
  const node = doc.createNode(value) as Scalar | YAMLMap | YAMLSeq;
  if (isSeq(node)) node.flow = true;
  if (at !== undefined && at !== null && typeof at === "object") {
    const old = at as { comment?: string | null; commentBefore?: string | null; flow?: boolean };
    node.comment = old.comment ?? undefined;
    node.commentBefore = old.commentBefore ?? undefined;
    if (isSeq(node)) node.flow = old.flow ?? true;
  }
  doc.setIn(path, node);
}

/** Null when done, else why the answer cannot be merged into what the file says about its ships. */
function editShips(doc: Document, answer: ShipsAnswer, changed: string[]): string | null {
  const current = doc.get("ships", true) as unknown;
  const list = isSeq(current)
    ? current
    : isMap(current) && isSeq(current.get("named"))
      ? (current.get("named") as YAMLSeq)
      : null;
  if ("names" in answer) {
    if (list !== null) return editNames(doc, list, answer.names, changed);
    // Names replace counts; settings such as memoryGiB stay.
    if (isMap(current)) for (const key of ["count", "types"]) current.delete(key);
    setIn(
      doc,
      ["ships", "named"],
      answer.names.map((name) => ({ name })),
    );
    changed.push("ships.named");
    return null;
  }
  const before = JSON.stringify(plain(doc, ["ships"]));
  if (list !== null) {
    const named = list.items.length;
    const wanted = "count" in answer ? answer.count : Object.values(answer.types).reduce((a, b) => a + b, 0);
    if (isSeq(current) ? wanted !== named : wanted < named)
      return isSeq(current)
        ? `its ships are a list of ${named} names and the answer is ${wanted}; accepted: names. Answer with the names, or edit the list`
        : `it names ${named} ships and the answer is ${wanted}; accepted: at least ${named}. Remove names from ships.named first`;
    if (isSeq(current)) return null;
  }
  if ("count" in answer) {
    if (isMap(current) && sumOfTypes(doc) !== answer.count) current.delete("types");
    setIn(doc, ["ships", "count"], answer.count);
  } else {
    if (isMap(current)) current.delete("count");
    setIn(doc, ["ships", "types"], answer.types);
  }
  if (JSON.stringify(plain(doc, ["ships"])) !== before) changed.push("ships");
  return null;
}

function sumOfTypes(doc: Document): number | null {
  const types = plain(doc, ["ships", "types"]) as Record<string, number> | undefined;
  return types ? Object.values(types).reduce((a, b) => a + b, 0) : null;
}

/** The answer is the whole list: entries that stay keep their settings and comments. */
function editNames(doc: Document, list: YAMLSeq, names: string[], changed: string[]): string | null {
  const nameOf = (item: unknown): string | undefined =>
    isMap(item) ? (item.get("name") as string | undefined) : isScalar(item) ? String(item.value) : undefined;
  const bare = list.items.every((i) => isScalar(i));
  const kept = list.items.filter((i) => nameOf(i) === undefined || names.includes(nameOf(i)!));
  const have = new Set(kept.map(nameOf));
  const added = names.filter((n) => !have.has(n)).map((name) => doc.createNode(bare ? name : { name }));
  if (kept.length === list.items.length && added.length === 0) return null;
  list.items = [...kept, ...added];
  changed.push("ships");
  return null;
}

function render(doc: Document, existing: string): string {
  const json = existing.trimStart().startsWith("{");
  return json ? `${JSON.stringify(doc.toJS({ maxAliasCount: 50 }), null, 2)}\n` : doc.toString({ lineWidth: 0 });
}

function newFile(answers: Answers): string {
  const ships = shipsOf(answers, false)!;
  const region = answers.region === undefined ? null : readRegion(answers.region);
  const line = (given: boolean, yaml: string, why: string) => `${`${given ? "" : "# "}${yaml}`.padEnd(44)} # ${why}\n`;
  const flow = (values: readonly string[]) => `[${values.join(", ")}]`;
  const shipLines =
    "names" in ships
      ? `ships:\n  named:\n${ships.names.map((n) => `    - { name: ${n} }\n`).join("")}    # With a boot key: { name: ~sampel-palnet, key: { secret: sampel-palnet-key } }; the secret\n    # itself goes into Pulumi config, never into this file.\n`
      : "types" in ships
        ? `ships:\n  types: { ${Object.entries(ships.types)
            .map(([k, n]) => `${k}: ${n}`)
            .join(", ")} }\n`
        : `ships:\n  count: ${ships.count}\n`;
  const budget = typeof answers.budget === "number" ? answers.budget : 500;
  return `# What the ships need. Plan it:      roadstead plan THIS-FILE
# Every key with its meaning:        roadstead schema requirements
# A commented key is not set: it shows the default, or an example. Run \`roadstead init\` again to change the answers.
apiVersion: roadstead/v1
${line(answers.purpose !== undefined, `environment: ${environmentOf(answers)}`, "dev, staging or prod: the stack that may record the plan")}${line(answers.purpose !== undefined, `purpose: ${answers.purpose ?? "personal"}`, "personal, development or production")}
${shipLines}  # memoryGiB: 4                             # requested per ship; on a VPS, the host's memory
  # diskGiB: 20                              # pier volume per ship; piers only grow
# customers: 1                               # one namespace and quota each, on clusters

${line(typeof answers.budget === "number", `budget: { monthly: ${budget}, currency: USD }`, "the most a month may cost; without one, cost rejects nothing")}# priorities: balanced                       # lowest-cost, fastest, most-secure or balanced
${line(answers.sla !== undefined, `sla: ${answers.sla ?? 99}`, "99, 99.9 or 99.99 per cent a ship")}${line((answers.compliance ?? []).length > 0, `compliance: ${flow(answers.compliance ?? [])}`, "gdpr, hipaa, soc2, iso27001, pci")}${
    region !== null && "allowed" in region
      ? line(true, `regions: { allowed: ${flow(region.allowed)} }`, "the providers' own names; residency: us or eu")
      : line(
          region !== null,
          `regions: { residency: ${region?.residency ?? "none"} }`,
          "us, eu or none; allowed: [us-east-1, nyc3]; dr: a second region",
        )
  }
${line(answers.experience !== undefined, `experience: ${answers.experience ?? "intermediate"}`, "beginner, intermediate or expert; a beginner gets no Kubernetes")}# platform: auto                             # the planner chooses; or vps, groundseg, eks …
# growth: { in6Months: 80, in12Months: 120 } # how many ships you expect
# recovery: { rpoHours: 24, rtoHours: 4 }    # how much may be lost, how long it may take
# domain: fleet.example.com                  # ships are served at <ship>.<domain>
# access: { sshPublicKeys: [], adminCidrs: [] } # who may administer what is built
# hosts: { volumeKey: operator }             # who keeps the key of the piers' disks: basic, tang or operator
# versions: {}                               # versions and digests; \`up\` refuses without them
`;
}

// Text → requirements. All problems at once, each with path, received, accepted and what to do.
import { parseDocument } from "yaml";
import { eksWishProblems } from "../architecture/cluster-network";
import { knownRegions, providersOfRegion } from "../catalog/regions";
import { HOST_IMAGE, worldOpenCidr } from "../predicates";
import { type Problem, shown } from "./problem";
import { type Requirements, type RequirementsFile, requirementsSchema } from "./schema";
import { didYouMean, schemaProblems } from "./schema-problems";
import { secretInText } from "./secrets";
import { type ProblemMaker, resolveShips } from "./ships";

/** A requirements file is a page or, with every ship named, some hundred kilobytes. */
export const MAX_FILE_BYTES = 2 * 1024 * 1024;

export type Loaded = { ok: true; requirements: Requirements } | { ok: false; problems: Problem[] };
export type ReadObject = { ok: true; value: unknown } | { ok: false; problems: Problem[] };

/** Units of USD one unit of the currency costs, as in `--rate EUR=1.08`. */
export type Rates = Record<string, number>;

export function loadRequirements(text: string, file: string, rates: Rates = {}): Loaded {
  const read = readObject(text, file);
  return read.ok ? checkRequirements(read.value, file, rates) : read;
}

/** YAML or JSON text → plain data. Duplicate keys, alias bombs, several documents and oversized text are refused. */
export function readObject(text: string, file: string): ReadObject {
  const bad = (received: string, accepted: string, fix: string): ReadObject => ({
    ok: false,
    problems: [{ file, path: "", received, accepted, fix }],
  });
  if (Buffer.byteLength(text) > MAX_FILE_BYTES)
    return bad(
      `${Math.round(Buffer.byteLength(text) / 1024)} KiB`,
      `at most ${MAX_FILE_BYTES / 1024} KiB`,
      "is this the right file?",
    );
  const doc = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  if (doc.errors.length > 0)
    return {
      ok: false,
      problems: doc.errors.map((e) => {
        const [line] = e.linePos ?? [];
        return {
          file,
          path: line ? `line ${line.line}, column ${line.col}` : "",
          received: e.message.split("\n")[0]!.replace(/ at line .*$/, ""),
          accepted: "one YAML or JSON document",
          fix: "correct the syntax",
        };
      }),
    };
  try {
    const value: unknown = doc.toJS({ maxAliasCount: 50 });
    if (value === null || typeof value !== "object" || Array.isArray(value))
      return bad(shown(value), "a mapping of keys", "is this the right file?");
    return { ok: true, value };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    // Its name is not repeated: it may be a password that begins with an asterisk.
    if (/^Unresolved alias/.test(said))
      return bad(
        "an alias (*…) of no anchor",
        "aliases of anchors above them",
        "put text that begins with * in quotes",
      );
    return bad(said, "at most 50 alias expansions", "write the values out");
  }
}

/** Plain data → requirements with every default filled in. */
export function checkRequirements(value: unknown, file: string, rates: Rates = {}): Loaded {
  const problem: ProblemMaker = (path, received, accepted, fix) => ({
    file,
    path,
    received: shown(received),
    accepted,
    fix,
  });
  const secrets = secretsIn(value).map((found) =>
    problem(
      found.path,
      found.text,
      "no secret: this file is read, recorded and shown",
      "put it into a Pulumi config secret, and rotate it if this file was shared",
    ),
  );
  const parsed = requirementsSchema.safeParse(value);
  if (!parsed.success)
    return { ok: false, problems: [...secrets, ...schemaProblems(requirementsSchema, parsed.error, value, file)] };

  const resolved = resolveShips(parsed.data.ships, parsed.data.customers, problem);
  const problems = [
    ...secrets,
    ...resolved.problems,
    ...wishProblems(parsed.data, rates, problem),
    // With another platform, or none wished, they are no problem until EKS is chosen.
    ...(parsed.data.platform === "eks" ? eksWishProblems(parsed.data, null).map((p) => ({ file, ...p })) : []),
    ...sandboxProblems(parsed.data, resolved.ships?.named ?? [], problem),
    ...tangProblems(parsed.data, problem),
  ];
  if (problems.length > 0 || resolved.ships === null) return { ok: false, problems };
  return { ok: true, requirements: { ...parsed.data, ships: resolved.ships, given: givenPaths(value) } };
}

/** Servers without the mode that asks them would be taken for protection that is not there. */
function tangProblems(file: RequirementsFile, problem: ProblemMaker): Problem[] {
  const servers = file.hosts?.tang ?? [];
  const tang = file.hosts?.volumeKey === "tang";
  const twice = servers.findIndex((s, i) => servers.some((t, j) => j < i && t.url === s.url));
  return [
    ...(tang === servers.length > 0
      ? []
      : [
          problem(
            "hosts.tang",
            servers.length === 0
              ? "no server"
              : `${servers.length} servers with volumeKey ${file.hosts?.volumeKey ?? "basic"}`,
            "servers with volumeKey tang, none without",
            tang
              ? "name two servers of different owners, neither where the hosts are"
              : "set hosts.volumeKey: tang, or leave them out",
          ),
        ]),
    ...(twice < 0
      ? []
      : [problem(`hosts.tang[${twice}].url`, servers[twice]!.url, "each server once", "name another server")]),
  ];
}

/** A customer misspelt here would run beside the others. */
function sandboxProblems(
  file: RequirementsFile,
  named: readonly { customer: string | null }[],
  problem: ProblemMaker,
): Problem[] {
  const known = [...new Set(named.flatMap((s) => s.customer ?? []))];
  return (file.existing.sandbox?.customers ?? []).flatMap((customer, i) =>
    known.includes(customer)
      ? []
      : [
          problem(
            `existing.sandbox.customers[${i}]`,
            customer,
            known.length > 0
              ? `a customer of ships.named: ${known.join(", ")}`
              : "a customer of ships.named, and none has one",
            didYouMean(customer, known, "name the customer as its ships do"),
          ),
        ],
  );
}

function wishProblems(file: RequirementsFile, rates: Rates, problem: ProblemMaker): Problem[] {
  const problems: Problem[] = [];
  const unknown = (path: string, name: string) => {
    if (providersOfRegion(name).length === 0)
      problems.push(
        problem(
          path,
          name,
          "a region of a provider Roadstead knows",
          didYouMean(name, knownRegions(), "regions are the providers' own names, such as us-east-1, nyc3 or fsn1"),
        ),
      );
  };
  file.regions.allowed?.forEach((name, i) => unknown(`regions.allowed[${i}]`, name));
  if (file.regions.dr !== undefined) unknown("regions.dr", file.regions.dr);
  if (file.hosts?.claimRegion !== undefined) unknown("hosts.claimRegion", file.hosts.claimRegion);
  if (
    file.regions.dr !== undefined &&
    file.regions.allowed?.length === 1 &&
    file.regions.allowed[0] === file.regions.dr
  )
    problems.push(
      problem(
        "regions.dr",
        file.regions.dr,
        "another region than the one ships run in",
        "copies in the same region do not survive it",
      ),
    );

  const image = file.versions.hostImage?.digitalocean;
  if (image !== undefined && !HOST_IMAGE.digitalocean.test(image))
    problems.push(
      problem(
        "versions.hostImage.digitalocean",
        image,
        "a slug of Debian 12 or Ubuntu 22.04 or later, such as debian-12-x64, or an image's number",
        "the set-up of hosts is written for these: doctl compute image list-distribution --public",
      ),
    );
  const currency = file.budget?.currency ?? "USD";
  if (currency !== "USD" && !(rates[currency]! > 0))
    problems.push(
      problem(
        "budget.currency",
        currency,
        "USD, or a currency with a given rate",
        `pass --rate ${currency}=<US dollars one ${currency} costs>`,
      ),
    );
  const worldOpen = file.access.adminCidrs?.findIndex(worldOpenCidr) ?? -1;
  if (worldOpen >= 0)
    problems.push(
      problem(
        `access.adminCidrs[${worldOpen}]`,
        file.access.adminCidrs![worldOpen],
        "networks of your own",
        "the whole world may not administer: give your address as a /32",
      ),
    );
  const hosts = (file.existing.hosts ?? []).map((host, i) => host.name ?? `host-${i + 1}`);
  hosts.forEach((name, i) => {
    if (hosts.indexOf(name) < i)
      problems.push(
        problem(
          `existing.hosts[${i}]`,
          name,
          `a name of its own (existing.hosts[${hosts.indexOf(name)}] has it)`,
          "give each host another name",
        ),
      );
  });
  // One machine under two names would be set up as two hosts in turn, each with the other's ships unknown to it.
  const addresses = (file.existing.hosts ?? []).map((h, i) =>
    (h.address ?? hosts[i]!).toLowerCase().replace(/\.$/, ""),
  );
  addresses.forEach((address, i) => {
    const first = addresses.indexOf(address);
    if (first < i && hosts.indexOf(hosts[i]!) === i)
      problems.push(
        problem(
          `existing.hosts[${i}].address`,
          address,
          `an address of its own (existing.hosts[${first}] has it)`,
          "one machine is one host: give each machine its own address, or all its memory and disk to one entry",
        ),
      );
  });
  return problems;
}

/** Strings that look like a secret, and where they stand. */
function secretsIn(value: unknown, path = ""): { path: string; text: string }[] {
  if (typeof value === "string") return secretInText(value) === null ? [] : [{ path, text: value }];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    secretsIn(inner, Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`),
  );
}

function givenPaths(value: unknown, prefix = ""): string[] {
  if (value === null || typeof value !== "object") return [prefix];
  const inner = Array.isArray(value)
    ? value.flatMap((v, i) => (v !== null && typeof v === "object" ? givenPaths(v, `${prefix}[${i}]`) : []))
    : Object.entries(value).flatMap(([k, v]) => givenPaths(v, prefix === "" ? k : `${prefix}.${k}`));
  return prefix === "" ? inner : [prefix, ...inner];
}

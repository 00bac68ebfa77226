// Facts → what stands in the way of the first `pulumi up`, and the commands that come next, in order. Pure.
import type { Architecture } from "../../planner/architecture/schema";
import { EXIT, type ExitCode } from "../exit";
import { holdingKeys } from "../../planner/architecture/seal";
import { bootProblems } from "../../planner/predicates";
import { firstOf, parkedShips, releaseSteps, upCommand } from "../next-steps";
import { deliveries, howToGetHostKey } from "../../components/host/render/delivery";
import { hostSettings } from "../../components/host/render/settings";
import type { Facts } from "./facts";
import { setUpByHand } from "./own-hosts";
import { quotaNeeds } from "./quotas";

export const LEVELS = ["blocks", "look", "ok"] as const;
export type Level = (typeof LEVELS)[number];

export interface Finding {
  /** Stable, for scripts: `cli`, `login`, `key/sampel-palnet`… */
  id: string;
  level: Level;
  /** What was found. */
  what: string;
  /** What to do; empty when it is fine. */
  fix: string;
}

export interface Diagnosis {
  findings: Finding[];
  /** Commands in the order to run them. */
  next: string[];
  exit: ExitCode;
}

/** Findings that only say nobody is logged in yet. */
const AUTHENTICATION = /^(login|passphrase|credentials)(\/|$)/;

export function diagnose(architecture: Architecture, facts: Facts): Diagnosis {
  const findings = [
    ...lock(architecture, facts),
    ...neighbours(facts),
    ...tools(facts),
    ...access(architecture, facts),
    ...secrets(architecture, facts),
    ...recognition(architecture, facts),
    ...unsealed(architecture, facts),
    ...missing(facts),
    ...quotas(architecture),
  ];
  const blocking = findings.filter((f) => f.level === "blocks");
  const exit =
    blocking.length === 0
      ? EXIT.done
      : facts.lockProblems.length > 0
        ? EXIT.stale
        : blocking.every((f) => AUTHENTICATION.test(f.id))
          ? EXIT.unauthenticated
          : EXIT.refused;
  return { findings, next: nextCommands(architecture, facts), exit };
}

export const ok = (id: string, what: string): Finding => ({ id, level: "ok", what, fix: "" });
export const blocks = (id: string, what: string, fix: string): Finding => ({ id, level: "blocks", what, fix });
export const look = (id: string, what: string, fix: string): Finding => ({ id, level: "look", what, fix });

function lock(a: Architecture, f: Facts): Finding[] {
  if (f.lockProblems.length > 0)
    return f.lockProblems.map((p, i) =>
      blocks(`lock/${i + 1}`, p, `put ${f.file} back as it was written, or plan again`),
    );
  const ships = `${a.ships.length} ship${a.ships.length === 1 ? "" : "s"} in this stack`;
  return [ok("lock", `${f.file}: ${a.decision.candidate}, ${ships}`)];
}

/** The project, and the other stacks of the environment. */
function neighbours(f: Facts): Finding[] {
  return [
    ...(f.projectFound
      ? []
      : [
          blocks(
            "project",
            "there is no Pulumi.yaml in this directory or above it, so `pulumi up` has no program to run",
            "work in a checkout of Roadstead, and move the stack files into its stacks/",
          ),
        ]),
    ...f.environmentProblems.map((p, i) =>
      blocks(`environment/${i + 1}`, p, "the stack files of an environment are restored, or recorded, all together"),
    ),
  ];
}

function tools(f: Facts): Finding[] {
  const found: Finding[] = [];
  found.push(
    f.nodeMajor >= 20
      ? ok("node", `Node ${f.nodeMajor}`)
      : blocks("node", `Node ${f.nodeMajor}`, "install Node 20 or later"),
  );
  if (f.program !== null)
    found.push(
      f.program.built
        ? ok("program", `${f.program.main} is built`)
        : blocks("program", `${f.program.main} is not built`, "npm ci && npm run build"),
    );
  if (f.pulumi === null)
    found.push(blocks("cli", "the pulumi CLI is not on the PATH", "install it: https://www.pulumi.com/docs/install/"));
  else {
    found.push(ok("cli", `pulumi ${f.pulumi.version}`));
    if (!f.languageHost)
      found.push(
        blocks(
          "language-host",
          "pulumi-language-nodejs is not beside the CLI",
          "install the whole Pulumi archive, not the CLI alone",
        ),
      );
  }
  for (const { name, version } of f.pluginsNeeded) {
    if (f.plugins?.includes(`${name}@${version}`)) found.push(ok(`plugin/${name}`, `plugin ${name} ${version}`));
    else
      found.push(
        look(
          `plugin/${name}`,
          f.plugins === null
            ? `plugin ${name} ${version}: unknown, since the CLI is missing`
            : `plugin ${name} ${version} is not installed`,
          `the first preview downloads it; without a network: pulumi plugin install resource ${name} ${version}`,
        ),
      );
  }
  return found;
}

function access(a: Architecture, f: Facts): Finding[] {
  const found: Finding[] = [];
  found.push(
    f.backend === null
      ? blocks(
          "login",
          "not logged in to a Pulumi backend",
          "pulumi login (or, for state in a bucket of your own: pulumi login s3://…)",
        )
      : ok("login", `state at ${f.backend.url} (${f.backend.from})`),
  );
  const selfManaged = f.backend !== null && !/^https?:/.test(f.backend.url);
  if (f.config.secretsProvider === "passphrase" || (f.config.secretsProvider === "none" && selfManaged))
    found.push(
      f.passphrase
        ? ok("passphrase", "a passphrase is given")
        : blocks(
            "passphrase",
            "the stack's secrets need a passphrase",
            "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
          ),
    );
  const providers = new Set([a.provider, ...a.hosts.map((h) => h.provider)]);
  const inConfig = (...keys: string[]) => keys.some((k) => f.config.keys[k] !== undefined);
  if (providers.has("aws"))
    found.push(
      credential(
        "aws",
        inConfig("aws:profile", "aws:accessKey") ? f.file : f.credentials.aws,
        "set AWS_PROFILE, or sign in with the AWS CLI",
      ),
    );
  if (providers.has("digitalocean"))
    found.push(
      credential(
        "digitalocean",
        inConfig("digitalocean:token") ? f.file : f.credentials.digitalocean,
        "set DIGITALOCEAN_TOKEN",
      ),
    );
  if (a.provider === "digitalocean" && a.backup.enabled)
    found.push(
      credential(
        "spaces",
        inConfig("digitalocean:spacesAccessId") ? f.file : f.credentials.spaces,
        "set SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY: the backup bucket needs keys of its own",
      ),
    );
  return found;
}

function credential(provider: string, where: string | null, fix: string): Finding {
  return where === null
    ? blocks(`credentials/${provider}`, `no credentials for ${provider} were found`, fix)
    : ok(`credentials/${provider}`, `credentials for ${provider}: ${where} (not tried: the doctor asks nobody)`);
}

interface NamedSecret {
  secret: string;
  use: string;
  /** `up` needs it; a host whose SSH key is not recorded takes its ships' keys after `up`, by hand. */
  forUp: boolean;
}

/** Hosts that `up` can deliver to, and those whose secrets are brought by hand. */
function recognition(a: Architecture, f: Facts): Finding[] {
  const { keys, problems } = f.hostKeys;
  if (a.hosts.length === 0) return [];
  const unknown = a.hosts.filter((h) => keys[h.name] === undefined).map((h) => h.name);
  const known = a.hosts.length - unknown.length;
  return [
    ...(problems.length > 0 ? [blocks("host-keys/wrong", problems.slice(0, -1).join("; "), problems.at(-1)!)] : []),
    ...(known > 0
      ? [ok("host-keys", `${count(known)} whose SSH key is recorded: \`up\` delivers set-up and secrets to them`)]
      : []),
    ...(unknown.length > 0
      ? [
          look(
            "host-keys/none",
            `${count(unknown.length)} without a recorded SSH key (${some(unknown)}): \`up\` delivers nothing to them, their secrets are brought by hand`,
            `once they are up: pulumi config set --stack ${f.stack} --path 'roadstead:hostKeys["${unknown[0]}"]' 'KEY'. KEY is what this prints: ${howToGetHostKey("ADDRESS")}`,
          ),
        ]
      : []),
  ];
}

const count = (hosts: number): string => `${hosts} host${hosts === 1 ? "" : "s"}`;
const some = (names: string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");

/** Config secrets the lock names, with where they are used. */
function secretsNamed(a: Architecture, f: Facts): NamedSecret[] {
  const booting = a.ships.filter((s) => s.key !== null && !s.sealed && s.host === null);
  return [
    ...(a.cluster?.kubeconfigSecret ? [{ secret: a.cluster.kubeconfigSecret, use: "kubeconfig", forUp: true }] : []),
    ...booting.map((s) => ({ secret: s.key!.secret, use: `boot key of ${s.name ?? s.id}`, forUp: true })),
    ...takenByHosts(a, f),
    ...(a.monitoring.pagerDutySecret ? [{ secret: a.monitoring.pagerDutySecret, use: "PagerDuty", forUp: true }] : []),
    ...(a.monitoring.slackSecret ? [{ secret: a.monitoring.slackSecret, use: "Slack", forUp: true }] : []),
  ];
}

/** Secrets that hosts take after their set-up; several may take the same. */
function takenByHosts(a: Architecture, f: Facts): NamedSecret[] {
  const taken = new Map<string, NamedSecret>();
  for (const host of a.hosts)
    for (const { secret, what } of deliveries(hostSettings(host, a))) {
      const forUp = f.hostKeys.keys[host.name] !== undefined || (taken.get(secret)?.forUp ?? false);
      taken.set(secret, { secret, use: what.replace(/^the /, ""), forUp });
    }
  return [...taken.values()];
}

function secrets(a: Architecture, f: Facts): Finding[] {
  return secretsNamed(a, f).map(({ secret, use, forUp }) => {
    const kept = f.config.keys[`${f.project}:${secret}`];
    const id = `secret/${secret}`;
    if (kept === "secure") return ok(id, `${secret} (${use}) is set`);
    if (kept === "plain")
      return blocks(
        id,
        `${secret} (${use}) lies in the clear in ${f.file}`,
        `count it as seen by others; take it out and set a new one: ${setSecret(f, secret)}`,
      );
    return forUp
      ? blocks(id, `${secret} (${use}) is not set`, setSecret(f, secret))
      : look(id, `${secret} (${use}) is not set; the host takes it after \`up\``, setSecret(f, secret));
  });
}

const setSecret = (f: Facts, secret: string): string =>
  `pulumi config set --secret --stack ${f.stack} ${secret} < ${secret}`;

/** Where the stack is up, keys may be declared that are used up; whether, only their cluster or host knows. */
function unsealed(a: Architecture, f: Facts): Finding[] {
  const keys = f.stackExists === false ? 0 : holdingKeys(a, (host) => f.hostKeys.keys[host] !== undefined).length;
  return keys === 0
    ? []
    : [
        look(
          "seal",
          `${keys} boot key${keys === 1 ? " is" : "s are"} declared; a ship that has booted needs its own no more`,
          `roadstead ship seal ${f.stack} --write, once ships have booted`,
        ),
      ];
}

function missing(f: Facts): Finding[] {
  return f.missing.map((m) => blocks(`missing/${m.path}`, `${m.path} is missing: ${m.what}; ${m.why}`, m.how));
}

function quotas(a: Architecture): Finding[] {
  return quotaNeeds(a).map((q) =>
    look(
      `quota/${q.quota}`,
      `${q.quota}: needs ${q.need}, a new account has ${q.default ?? "a number only the account shows"} (${q.source})`,
      `if yours has less, ask: ${q.ask}`,
    ),
  );
}

/** Ships that boot with a key nobody named yet. */
function keyless(a: Architecture): string[] {
  // GroundSeg takes keys in its own pages.
  if (a.mode === "groundseg") return [];
  return a.ships.filter((s) => bootProblems(s).some((p) => p.code === "missing-key")).map((s) => s.id);
}

function nextCommands(a: Architecture, f: Facts): string[] {
  const unset = secretsNamed(a, f).filter(({ secret }) => f.config.keys[`${f.project}:${secret}`] !== "secure");
  const unnamed = keyless(a);
  const replan = f.missing.length > 0;
  const init = (stack: string) => `pulumi stack init ${stack}`;
  const up = (stack: string) => upCommand(stack, f.policyPack);
  return [
    ...(f.projectFound ? [] : ["# in the directory of Pulumi.yaml, with the stack files in its stacks/:"]),
    ...(f.program !== null && !f.program.built ? ["npm ci && npm run build"] : []),
    ...quotaNeeds(a).map((q) => `# ask first, unless your account has it: ${q.quota}, ${q.need}: ${q.ask}`),
    ...(unnamed.length > 0 ? ["# in the requirements, for each ship without a key: key: { secret: SHIP-key }"] : []),
    ...(replan ? [`roadstead plan FILE --stack ${a.environment} --write`] : []),
    ...(f.backend === null ? ["pulumi login"] : []),
    ...(a.role === "cell"
      ? [`# the platform comes first, unless it is up:`, `roadstead doctor ${a.platformStack}`, up(a.platformStack)]
      : []),
    ...(f.stackExists === true ? [] : [init(f.stack)]),
    ...unset.map(({ secret }) => setSecret(f, secret)),
    ...unnamed.map((id) => setSecret(f, `${id}-key`)),
    `roadstead preview ${f.stack}`,
    `pulumi preview --stack ${f.stack} --policy-pack ${f.policyPack}`,
    up(f.stack),
    ...releaseSteps(parkedShips(a, f.runState)),
    ...setUpByHand(a, f.stack, (host) => f.hostKeys.keys[host] !== undefined),
    ...(a.hosts.length === 0 ? [] : ["# once a host is set up, how it is:"]),
    ...firstOf(
      a.hosts.map((h) => `roadstead doctor ${h.name} --stack ${f.stack}`),
      (rest) => `# and ${rest} more in the same way`,
    ),
    ...f.cellStacks.flatMap((cell) => [init(cell), `roadstead doctor ${cell}`, up(cell)]),
  ];
}

// Which host is meant, and how it is reached: a word with @, or the name of a host in a stack's lock.
import type { Architecture, LockedHost } from "../../../planner/architecture/schema";
import { parseStackFile } from "../../../planner/architecture/stack-file";
import { ADMIN_USER } from "../../../components/host/render/settings";
import { refuseLocks, usage } from "../../exit";
import type { Io } from "../../io";
import { type Project, projectOf, readStackFile, stackFiles } from "../../project";
import type { Probe } from "../probe";

export interface HostTarget {
  /** As the report calls it. */
  name: string;
  /** user@address, for ssh. */
  login: string;
  recorded: { host: LockedHost; architecture: Architecture; stack: string } | null;
}

/** A host's name or address, IPv4 or IPv6; ssh takes what begins with a dash for an option. */
const ADDRESS = /^[A-Za-z0-9]([A-Za-z0-9._:%-]{0,252}[A-Za-z0-9])?$|^::[0-9A-Fa-f:]*$/;
const USER = /^[a-z_][a-z0-9_.-]{0,31}$/i;

export const isHostTarget = (word: string | undefined, options: { stack?: string; address?: string }): boolean =>
  options.stack !== undefined || options.address !== undefined || (word ?? "").includes("@");

export function hostTarget(
  word: string | undefined,
  options: { stack?: string; address?: string },
  io: Io,
  probe: Probe,
): HostTarget {
  if (word === undefined)
    throw usage("name a host: roadstead doctor HOST --stack prod, or roadstead doctor user@address");
  if (options.stack === undefined) {
    if (options.address !== undefined)
      throw usage(
        `--address goes with --stack, which says what ${word} is; without a stack: roadstead doctor ${loginAt(options.address, "--address")}`,
      );
    const login = loginAt(word, word);
    return { name: login.slice(login.indexOf("@") + 1), login, recorded: null };
  }
  const project = projectOf(io);
  const architecture = architectureOf(io, project, options.stack);
  const names = architecture.hosts.map((h) => h.name);
  if (names.length === 0)
    throw usage(`${options.stack}: its ships are on a cluster, so it has no hosts; roadstead doctor ${options.stack}`);
  if (word.includes("@")) {
    const [only] = architecture.hosts;
    if (architecture.hosts.length > 1)
      throw usage(
        `${options.stack} has ${names.length} hosts: ${names.join(", ")}; say which one is at ${word}: roadstead doctor HOST --stack ${options.stack} --address ${word}`,
      );
    if (options.address !== undefined)
      throw usage(`${word} and --address both say where the host is: give one of them`);
    return {
      name: only!.name,
      login: loginAt(word, word),
      recorded: { host: only!, architecture, stack: options.stack },
    };
  }
  const host = architecture.hosts.find((h) => h.name === word);
  if (host === undefined) throw usage(`${word}: is no host of ${options.stack}; accepted: ${names.join(", ")}`);
  const recorded = { host, architecture, stack: options.stack };
  const given = options.address ?? ownAddress(host) ?? stackAddress(probe, options.stack, word);
  if (given === null)
    throw usage(
      `${word}: its address is not known here; accepted: --address ADDRESS. ` +
        `pulumi stack output addresses --stack ${options.stack} has it once the stack is up and you are logged in`,
    );
  return { name: word, login: loginAt(given, "--address"), recorded };
}

/** A name that is neither a stack nor has an @ may be a host's: says how to ask for it. Null when it is no host's. */
export function hostByMistake(io: Io, project: Project, word: string): string | null {
  const texts = stackFiles(io, project);
  if (texts[`Pulumi.${word}.yaml`] !== undefined) return null;
  const holding = Object.entries(texts).flatMap(([file, text]) => {
    const { architecture } = parseStackFile(file, text);
    return architecture?.hosts.some((h) => h.name === word) ? [architecture.stack] : [];
  });
  return holding.length === 0
    ? null
    : `${word}: is a host of ${holding.join(" and ")}, no stack. To look at the live host: roadstead doctor ${word} --stack ${holding[0]}`;
}

function architectureOf(io: Io, project: Project, stack: string): Architecture {
  const { file, text } = readStackFile(io, project, stack);
  const { architecture, problems } = parseStackFile(file, text);
  refuseLocks(problems);
  if (architecture === null)
    throw usage(`${file}: records no architecture yet. Record one with roadstead plan FILE --stack ${stack} --write`);
  return architecture;
}

/** With a user, or with the one the lock's set-up makes. */
function loginAt(text: string, what: string): string {
  const [user, address] = text.includes("@")
    ? [text.slice(0, text.lastIndexOf("@")), text.slice(text.lastIndexOf("@") + 1)]
    : [ADMIN_USER, text];
  if (!USER.test(user) || !ADDRESS.test(address))
    throw usage(
      `${what === text ? text : `${what} ${text}`}: accepted: user@address, or an address alone for the user ${ADMIN_USER}; the address is a name, IPv4, IPv6 without brackets, or a name of your ssh config`,
    );
  return `${user}@${address}`;
}

/** An own host without an address is reached by its name, such as your ssh config may hold. */
function ownAddress(host: LockedHost): string | null {
  if (host.provider === "aws" || host.provider === "digitalocean") return null;
  return (host as LockedHost & { address?: string }).address ?? host.name;
}

/** What the stack said when it was applied last. */
function stackAddress(probe: Probe, stack: string, name: string): string | null {
  const text = probe.run("pulumi", ["stack", "output", "addresses", "--json", "--stack", stack, "--non-interactive"]);
  if (text === null) return null;
  try {
    const address: unknown = (JSON.parse(text) as Record<string, unknown>)[name];
    return typeof address === "string" && address !== "" ? address : null;
  } catch {
    // Another CLI, another output: then it is not known.
    return null;
  }
}

// What the judges are told of one host, and how they say a command for it.
import { BOOTSTRAP } from "../../../components/host/render/bootstrap";
import type { Expected } from "./expected";
import type { HostFacts } from "./facts";
import type { Silence } from "./login";
import type { Outside } from "./outside";

export interface Subject {
  name: string;
  /** user@address. */
  login: string;
  /** `-o` options the user gave, for the commands that are proposed. */
  options: readonly string[];
  /** Null without a stack: then nothing is compared with a lock. */
  stack: string | null;
  expected: Expected | null;
  /** Why the lock could not be rendered, and nothing is compared with it. */
  unrendered: string | null;
  /** What the host answered, or why it did not. */
  answer: { facts: HostFacts } | { silence: Silence; said: string };
  outside: Outside | null;
  /** Seconds since 1970, here. */
  now: number;
}

export interface Told {
  subject: Subject;
  facts: HostFacts;
  expected: Expected | null;
  /** By the host's own clock, so that a wrong one does not make everything old. */
  now: number;
  /** A command on the host. */
  at: (command: string) => string;
}

const quoted = (text: string): string => (/^[\w.=/:,@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** A log-in, as the host's owner would type it. */
export const sshTo = ({ login, options }: Pick<Subject, "login" | "options">): string =>
  `ssh ${options.map((o) => `-o ${quoted(o)} `).join("")}${login}`;

/** A command for the host. */
export const at =
  (subject: Pick<Subject, "login" | "options">) =>
  (command: string): string =>
    `${sshTo(subject)} '${command}'`;

/** The script of the host's set-up, run once more: how files that differ are put right. */
export function again({ subject, at: on }: Told): string {
  return subject.stack === null
    ? "roadstead host render STACK --script --host HOST > script.sh, read it, run it as root on the host"
    : `roadstead host render ${subject.stack} --script --host ${subject.name} | ${on("sudo sh -s")}`;
}

/** Another set-up than the lock renders now: what is only in the newer one was not taken away by anybody. */
export function setUpByAnother({ facts, expected }: Told): boolean {
  const wanted = expected?.files.find((f) => f.path === BOOTSTRAP);
  const seen = facts.files?.[BOOTSTRAP];
  return wanted !== undefined && seen !== undefined && seen.sha256 !== wanted.sha256;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

/** A time that passed, in its largest unit. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [name, size] = UNITS.find(([, s]) => whole >= s) ?? ["second", 1];
  const n = Math.floor(whole / size);
  return `${n} ${name}${n === 1 ? "" : "s"}`;
}

export const DAY = 86_400;

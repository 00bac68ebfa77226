// Facts of a host → what is wrong with it, and what to do first. Pure.
import { EXIT, type ExitCode } from "../../exit";
import { blocks, type Diagnosis, type Finding, LEVELS, ok } from "../diagnose";
import { judgeAccess, judgeOutside } from "./judge-access";
import { judgeCopies } from "./judge-copies";
import { judgeGroundseg } from "./judge-groundseg";
import { judgeMachine } from "./judge-machine";
import { judgeShips } from "./judge-ships";
import type { Silence } from "./login";
import { at, sshTo, type Subject, type Told } from "./subject";

const SILENCE_EXIT: Record<Silence, ExitCode> = {
  "host-key": EXIT.unauthenticated,
  login: EXIT.unauthenticated,
  sudo: EXIT.unauthenticated,
  unreachable: EXIT.failed,
  "too-slow": EXIT.timeout,
  failed: EXIT.failed,
};

export function judgeHost(subject: Subject): Diagnosis {
  const { answer } = subject;
  const silent = "silence" in answer;
  const inside = silent ? [refused(subject, answer.silence, answer.said)] : insideFindings(told(subject, answer.facts));
  const findings = byWeight([...inside, ...judgeOutside(subject)]);
  const quarantined = findings.some((f) => /^ship\/[^/]+\/quarantine$/.test(f.id));
  const exit = silent
    ? SILENCE_EXIT[answer.silence]
    : quarantined
      ? EXIT.quarantine
      : findings.some((f) => f.level === "blocks")
        ? EXIT.refused
        : EXIT.done;
  const next = findings.filter((f) => f.level !== "ok" && f.fix !== "").map((f) => f.fix);
  return { findings, next: [...new Set(next)], exit };
}

function told(subject: Subject, facts: Told["facts"]): Told {
  return { subject, facts, expected: subject.expected, now: facts.now ?? subject.now, at: at(subject) };
}

const insideFindings = (t: Told): Finding[] => [
  ok("login", `${t.subject.login}: logged in${t.facts.os === null ? "" : `, ${t.facts.os}`}`),
  ...judgeShips(t),
  ...judgeGroundseg(t),
  ...judgeCopies(t),
  ...judgeMachine(t),
  ...judgeAccess(t),
];

/** What costs most first: a ship that may run twice, then one that does not run, then what keeps it from running. */
const WEIGHT = [
  /^login$/,
  /^ship\/[^/]+\/(quarantine|stranger)$/,
  /^ship\/[^/]+\/(first-boot|key)$/,
  /^set-up$/,
  /^volume/,
  /^disk/,
  /^firewall$/,
  /^sshd$/,
  /^port\//,
  /^site\//,
  /^(ship\/|groundseg|docker-user)/,
  /^backup/,
  /^failed\//,
  /^(unit|units)/,
];

function byWeight(findings: readonly Finding[]): Finding[] {
  const weight = ({ id }: Finding) => {
    const found = WEIGHT.findIndex((w) => w.test(id));
    return found < 0 ? WEIGHT.length : found;
  };
  return LEVELS.flatMap((level) =>
    findings
      .filter((f) => f.level === level)
      .map((f, i) => ({ f, i }))
      .sort((a, b) => weight(a.f) - weight(b.f) || a.i - b.i)
      .map(({ f }) => f),
  );
}

function refused(subject: Subject, why: Silence, said: string): Finding {
  const { login } = subject;
  const address = login.slice(login.indexOf("@") + 1);
  const by = sshTo(subject);
  switch (why) {
    case "host-key":
      return blocks(
        "login",
        `the host at ${address} did not prove that it is the one you know: ${said}`,
        `never log in past this. A new host: compare its fingerprint with the provider's console, then ${by} once. A known one: somebody else may answer at its address`,
      );
    case "login":
      return blocks(
        "login",
        `${login} was not let in: ${said}`,
        `the key that the lock names has to be in your agent (ssh-add -l); then ${by}`,
      );
    case "sudo":
      return blocks(
        "login",
        `${login} may not become root without a password: ${said}`,
        `log in as the user that the set-up made (keeper), or as root`,
      );
    case "too-slow":
      return blocks(
        "login",
        `${address} did not finish its answer in three minutes`,
        `${by} uptime: is it out of memory, or its disk stuck?`,
      );
    case "unreachable":
      return blocks(
        "login",
        `${address} cannot be reached over SSH: ${said}`,
        /resolve hostname/i.test(said)
          ? `say where it is: --address ADDRESS, or a Host of your ssh config`
          : unreachable(subject),
      );
    case "failed":
      return blocks("login", `${address} gave no answer that can be read: ${said}`, `${by} sudo true`);
  }
}

function unreachable({ outside, name }: Subject): string {
  const others = Object.entries(outside?.ports ?? {}).filter(([, s]) => s === "open" || s === "closed");
  return others.length > 0
    ? `the machine is there (port ${others[0]![0]} is ${others[0]![1]}): are you in one of its adminCidrs? Otherwise the provider's console`
    : `look for ${name} in the provider's console: does it run? Are you in one of its adminCidrs? Start no second host for its ships`;
}

// `roadstead doctor HOST --stack STACK`, or `user@address`: how a live host is, and what to do first. Logs in with the user's own
// ssh, reads only, installs nothing, and looks at the host from outside meanwhile.
import { randomBytes } from "node:crypto";
import { EXIT, type ExitCode, usage } from "../exit";
import { type Io, painter } from "../io";
import type { Diagnosis } from "./diagnose";
import { findingLines } from "./findings";
import { expectedOf, pathsToAsk } from "./host/expected";
import { hostFacts, readAnswer } from "./host/facts";
import { judgeHost } from "./host/judge";
import { askHost, type Login, routeOf } from "./host/login";
import { lookFromOutside, type Network, realNetwork } from "./host/outside";
import { hostQuestions } from "./host/script";
import type { Subject } from "./host/subject";
import { type HostTarget, hostTarget } from "./host/target";
import { shipHost } from "../../components/host/render/edge";
import { HostRefused } from "../../components/host/render/rendered";
import { hostShip } from "../../components/host/render/settings";
import type { Probe } from "./probe";

export interface HostDoctorOptions {
  stack?: string;
  address?: string;
  sshOption?: string[];
  json?: boolean;
}

/** Units of the distribution's that are asked for beside our own. */
const UNITS = [
  "ssh.service",
  "ssh.socket",
  "fail2ban.service",
  "unattended-upgrades.service",
  "caddy.service",
  "docker.service",
  "groundseg.service",
];

export async function hostCommand(
  word: string | undefined,
  options: HostDoctorOptions,
  io: Io,
  probe: Probe,
  network: Network = realNetwork(),
): Promise<ExitCode> {
  for (const option of options.sshOption ?? [])
    if (!/^[A-Za-z][A-Za-z0-9]{1,40}[= ]\S/.test(option))
      throw usage(
        `--ssh-option ${option}: accepted: an option of ssh_config, such as Port=2222 or IdentityFile=~/.ssh/hosts`,
      );
  const target = hostTarget(word, options, io, probe);
  const login: Login = { target: target.login, options: options.sshOption ?? [] };
  const subject = await ask(target, login, io, network);
  const diagnosis = judgeHost(subject);
  const { name, stack } = subject;
  io.out(
    options.json
      ? `${JSON.stringify({ schema: "roadstead/host-doctor/1", host: name, login: target.login, stack, ...diagnosis }, null, 2)}\n`
      : render(diagnosis, subject, io),
  );
  return diagnosis.exit;
}

async function ask(target: HostTarget, login: Login, io: Io, network: Network): Promise<Subject> {
  const { recorded } = target;
  const mark = `roadstead-${randomBytes(12).toString("hex")}`;
  const { value: paths, unrendered } = rendered(() =>
    recorded === null ? [] : pathsToAsk(recorded.host, recorded.architecture),
  );
  io.err(`reading ${target.name} as ${target.login}: it takes some seconds, and changes nothing there\n`);
  const route = routeOf(io, login);
  const ships = recorded?.architecture.ships.filter((s) => s.host === recorded.host.name).map(hostShip) ?? [];
  const domain = recorded?.architecture.dns.domain ?? undefined;
  const [said, outside] = await Promise.all([
    askHost(io, login, hostQuestions({ mark, paths: paths ?? [], units: UNITS })),
    route === null
      ? Promise.resolve({ address: null, notChecked: "ssh did not say where it goes", ports: {}, names: {} })
      : lookFromOutside(
          {
            ...route,
            names: domain === undefined ? [] : ships.map((s) => shipHost(s.id, domain)),
            httpPorts: ships.map((s) => s.httpPort),
          },
          network,
        ),
  ]);
  const read = said.ok ? readAnswer(said.out, mark) : null;
  const facts = read === null ? null : hostFacts(read);
  return {
    name: target.name,
    login: target.login,
    options: login.options,
    stack: recorded?.stack ?? null,
    expected:
      recorded === null || unrendered !== null
        ? null
        : rendered(() => expectedOf(recorded.host, recorded.architecture, facts?.volume ?? null)).value,
    unrendered,
    answer:
      facts !== null
        ? { facts }
        : said.ok
          ? { silence: "failed", said: "what came back is not what the doctor asked for" }
          : { silence: said.why, said: said.said },
    outside,
    now: Math.floor(Date.now() / 1000),
  };
}

/** A lock of an older Roadstead may hold what is refused today: the live host is looked at all the same. */
function rendered<T>(make: () => T): { value: T | null; unrendered: string | null } {
  try {
    return { value: make(), unrendered: null };
  } catch (error) {
    if (error instanceof HostRefused) return { value: null, unrendered: error.message };
    throw error;
  }
}

/** The first line is what to do. */
function render({ findings, exit }: Diagnosis, { name, login, stack }: Subject, io: Io): string {
  const paint = painter(io);
  const count = (level: string) => findings.filter((f) => f.level === level).length;
  const first = findings.find((f) => f.level === "blocks") ?? findings.find((f) => f.level === "look" && f.fix !== "");
  const head =
    first === undefined
      ? [paint("bold", `${name}: nothing to do.`)]
      : first.level === "blocks"
        ? [paint("bold", `${name}, do this first: ${first.fix || "look into it"}`), `Because ${first.what}.`]
        : [paint("bold", `${name}: nothing is broken. Worth a look: ${first.what}.`)];
  const against = stack === null ? "without a lock" : `against ${stack}`;
  return [
    ...head,
    "",
    `${login}, ${against}: ${count("blocks")} to settle, ${count("look")} worth a look, ${count("ok")} fine${exit === EXIT.quarantine ? "; a ship is in quarantine" : ""}`,
    ...findings.flatMap((f) => findingLines(f, io)),
    "",
  ].join("\n");
}

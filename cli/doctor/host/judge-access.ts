// Who gets in, and what the world sees: firewall, sshd, fail2ban, ports from outside, names and certificates. Pure.
import { shipHost } from "../../../components/host/render/edge";
import { HostKind } from "../../../components/host/render/settings";
import { blocks, type Finding, look, ok } from "../diagnose";
import { short } from "./facts";
import { type Outside, SHUT, WEB } from "./outside";
import { again, at as commandAt, DAY, span, type Subject, type Told } from "./subject";

export const judgeAccess = (told: Told): Finding[] => [
  ...firewall(told),
  ...sshd(told),
  ...fail2ban(told),
  ...certificates(told),
];

function firewall(told: Told): Finding[] {
  const { at, facts } = told;
  const restart = at("sudo systemctl restart roadstead-firewall");
  if (facts.firewall === null)
    return [blocks("firewall", "the firewall could not be read", at("sudo nft list ruleset"))];
  const { loaded, file } = facts.firewall;
  if (loaded === null)
    return [blocks("firewall", "the host's firewall is not loaded: what listens is open to the network", restart)];
  if (file === null)
    return [
      blocks(
        "firewall",
        "the firewall that is loaded could not be compared with its file, /etc/roadstead/firewall.nft",
        `${at("sudo nft -c -f /etc/roadstead/firewall.nft")}; ${again(told)}`,
      ),
    ];
  if (loaded.trim() !== file.trim())
    return [blocks("firewall", "the firewall that is loaded is not the one in its file", restart)];
  return /hook input[^}]*policy drop/.test(loaded)
    ? [ok("firewall", "the firewall is loaded, and is what its file says")]
    : [blocks("firewall", "the firewall lets through what no rule names", again(told))];
}

/** Of sshd's own word for a login as root from anywhere. */
const WANTED: Record<string, string> = {
  permitrootlogin: "no",
  passwordauthentication: "no",
  kbdinteractiveauthentication: "no",
  permitemptypasswords: "no",
};

function sshd({ facts, at }: Told): Finding[] {
  const read = facts.sshd;
  if (read === null || Object.keys(WANTED).some((k) => read[k] === undefined))
    return [blocks("sshd", "sshd's settings could not be read", at("sudo sshd -T"))];
  const wrong = Object.entries(WANTED).filter(([name, value]) => read[name] !== value);
  return wrong.length === 0
    ? [ok("sshd", "sshd takes keys only, and nobody as root")]
    : [
        blocks(
          "sshd",
          `sshd's settings say ${wrong.map(([name]) => `${name} ${short(read[name]!, 30)}`).join(", ")}`,
          `which file says so: ${at('sudo grep -rniE "permitroot|password|kbdinteractive" /etc/ssh/sshd_config /etc/ssh/sshd_config.d')}; then ${at("sudo systemctl reload ssh")}`,
        ),
      ];
}

function fail2ban({ facts, at }: Told): Finding[] {
  if (facts.fail2ban === null)
    return [look("fail2ban", "fail2ban could not be asked", at("sudo fail2ban-client status sshd"))];
  return facts.fail2ban.running
    ? [ok("fail2ban", "fail2ban watches sshd")]
    : [look("fail2ban", "fail2ban's jail for sshd does not run", at("sudo systemctl restart fail2ban"))];
}

/** Caddy renews with a third of the time left; a month is that of a certificate of ninety days. */
const RENEWED_DAYS = 25;

const domains = ({ expected }: Pick<Told, "expected">): string[] =>
  expected?.settings.domain === undefined
    ? []
    : expected.settings.ships.map((s) => shipHost(s.id, expected.settings.domain!));

function certificates(told: Told): Finding[] {
  const { facts, expected, at, now } = told;
  if (domains(told).length === 0 || expected!.settings.kind === HostKind.GroundSeg) return [];
  if (facts.certificates === null)
    return [look("certificates", "Caddy's certificates could not be read", at("sudo ls /var/lib/caddy"))];
  const log = at("sudo journalctl -n 50 -u caddy");
  return domains(told).map((name) => {
    const ends = facts.certificates![name];
    if (ends === undefined) return look(`certificate/${name}`, `Caddy has no certificate for ${name} yet`, log);
    if (ends < now)
      return blocks(`certificate/${name}`, `the certificate of ${name} expired ${span(now - ends)} ago`, log);
    const left = `the certificate of ${name} is good for ${span(ends - now)} more`;
    return ends - now < RENEWED_DAYS * DAY
      ? look(`certificate/${name}`, `${left} and was not renewed`, log)
      : ok(`certificate/${name}`, left);
  });
}

/** From where the doctor runs. What it cannot see from there is said, not passed. */
export function judgeOutside(subject: Subject): Finding[] {
  const { outside, expected } = subject;
  if (outside === null) return [];
  if (outside.notChecked !== null)
    return [
      look(
        "outside",
        `not checked from outside: ${outside.notChecked}`,
        "run the doctor where the host is reached directly",
      ),
    ];
  return [
    ...openPorts(subject, outside),
    ...(expected === null ? [] : sites(subject, outside)),
    ok(
      "outside/limits",
      `seen from this machine only${isPrivate(outside.address!) ? `, over the private address ${outside.address}` : ""}; not checked: whether SSH is closed to others, and Ames (UDP)`,
    ),
  ];
}

const isPrivate = (address: string): boolean =>
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd]|fe80)/i.test(
    address,
  );

function openPorts(subject: Subject, { ports }: Outside): Finding[] {
  const { expected } = subject;
  const at = commandAt(subject);
  const web = expected?.settings.domain !== undefined && expected.settings.kind !== HostKind.GroundSeg;
  // A host nobody recorded, and GroundSeg's, may serve the web or not.
  const mayServe =
    expected === null || (expected.settings.kind === HostKind.GroundSeg && expected.settings.domain !== undefined);
  const own = expected?.settings.ships.map((s) => s.httpPort) ?? [];
  const shut = [...new Set([...SHUT, ...own, ...(web || mayServe ? [] : WEB)])];
  const open = shut.filter((p) => ports[p] === "open");
  const unknown = [...shut, ...WEB].filter((p) => ports[p] === "unknown");
  const closed = web ? WEB.filter((p) => ports[p] === "closed" || ports[p] === "silent") : [];
  const found = [
    ...open.map((p) =>
      blocks(
        `port/${p}`,
        `port ${p} answers from outside, and nobody outside should reach it`,
        `${at("sudo systemctl restart roadstead-firewall")}; who listens: ${at(`sudo ss -ltnp sport = :${p}`)}`,
      ),
    ),
    ...closed.map((p) =>
      blocks(
        `port/${p}`,
        `port ${p} does not answer from outside${p === 80 ? ": certificates are renewed over it" : ""}`,
        `${at("systemctl status caddy --no-pager")}; the provider's firewall`,
      ),
    ),
    ...(unknown.length > 0
      ? [look("ports", `ports ${unknown.join(", ")} were not checked: this machine's network gave no answer`, "")]
      : []),
  ];
  if (found.length > 0) return found;
  return [ok("ports", `${shut.join(", ")} do not answer from outside${web ? "; 80 and 443 do" : ""}`)];
}

function sites(subject: Subject, outside: Outside): Finding[] {
  const { expected, now } = subject;
  const at = commandAt(subject);
  const strict = expected!.settings.kind !== HostKind.GroundSeg;
  const wrong = strict ? blocks : look;
  return domains({ expected: expected! }).flatMap((name): Finding[] => {
    const seen = outside.names[name];
    if (seen === undefined) return [look(`name/${name}`, `${name} was not looked at`, "")];
    const found: Finding[] = [];
    if (seen.addresses === null) found.push(look(`name/${name}`, `${name}: no name server answered here`, ""));
    else if (!seen.addresses.includes(outside.address!))
      found.push(
        // A machine at home has an address of its own there, and another one in the world.
        (isPrivate(outside.address!) ? look : wrong)(
          `name/${name}`,
          seen.addresses.length === 0
            ? `${name} has no address in DNS`
            : `${name} leads to ${seen.addresses.map((a) => short(a, 45)).join(", ")}, not to this host (${outside.address})`,
          `set its A record to ${outside.address}`,
        ),
      );
    const { page } = seen;
    const log = at("sudo journalctl -n 50 -u caddy");
    if (page === null) {
      // The port's own finding says it where nothing answers at all.
      if (outside.ports[443] === "open")
        found.push(wrong(`tls/${name}`, `no TLS handshake for ${name}: Caddy has no certificate for it`, log));
      else if (!strict)
        found.push(look(`tls/${name}`, `${name} is not served: 443 is closed until the component's web is caddy`, ""));
      return found;
    }
    if (page.distrust !== null)
      found.push(wrong(`tls/${name}`, `the certificate of ${name} is not trusted: ${short(page.distrust, 60)}`, log));
    else if (page.certificateEnds !== null && page.certificateEnds - now < 14 * DAY)
      found.push(
        (page.certificateEnds < now ? blocks : look)(
          `tls/${name}`,
          `the certificate of ${name} ends in ${span(page.certificateEnds - now)}`,
          log,
        ),
      );
    if (page.status === null) found.push(look(`site/${name}`, `${name} gave no answer to /~_~/healthz`, log));
    else if (page.status !== 404)
      found.push(
        blocks(
          `site/${name}`,
          `${name}/~_~/healthz answers ${page.status} from outside: the runtime's own pages must not be reached (404)`,
          `/etc/caddy/Caddyfile differs from what was rendered, or something else answers: ${log}`,
        ),
      );
    return found.length > 0
      ? found
      : [
          ok(
            `site/${name}`,
            `${name} leads here, has a trusted certificate, and keeps the runtime's pages to the host`,
          ),
        ];
  });
}

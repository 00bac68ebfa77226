// What a person does after `pulumi up`. Names secrets, never shows one.
import { adminUser } from "./render/access";
import { byHand, deliveries, howToGetHostKey, type Delivery } from "./render/delivery";
import { shipHost } from "./render/edge";
import { GROUNDSEG, GROUNDSEG_API_PORT, GROUNDSEG_UI_PORT } from "./render/groundseg";
import { LIB } from "./render/file";
import { logins } from "./render/outcome";
import { HostKind, VolumeKey, type HostSettings } from "./render/settings";
import { usesLuks, volumeKey } from "./render/volume";

const SHIP = `${LIB}/ship`;

export interface Situation {
  /** The ships' DNS records are made. */
  recorded: boolean;
  /** Names of secrets that `pulumi up` delivers; none where it does not reach the host. */
  delivered?: ReadonlySet<string>;
}

export function nextSteps(settings: HostSettings, address: string, { recorded, delivered }: Situation): string[] {
  const login = `${adminUser(settings)}@${address}`;
  const own = settings.kind === HostKind.BareMetal;
  const steps = [
    delivered !== undefined
      ? `The set-up is done; \`pulumi up\` runs it again when a file of it changes.`
      : own
        ? `Run the script on the host as root: roadstead host render STACK --script --host ${settings.name} prints it; the component's output \`script\` is the same text.`
        : `Wait for the set-up: ssh ${login} 'sudo journalctl -fu roadstead-bootstrap'; it ends with /var/lib/roadstead/bootstrap.done.`,
  ];
  if (usesLuks(settings)) steps.push(...volumeSteps(settings, login));
  if (settings.domain && !recorded)
    for (const ship of settings.ships)
      steps.push(`Set the A record ${shipHost(ship.id, settings.domain)} to ${address}.`);
  const takes = (d: Delivery): string[] => [
    delivered?.has(d.secret)
      ? `Delivered over SSH, or found not to be needed: ${d.what}.`
      : `Deliver ${d.what}, once, over SSH: ${byHand(d, login)}`,
  ];
  const others = deliveries(settings).filter((d) => d.ship === undefined);
  return [
    ...steps,
    ...others.flatMap(takes),
    ...(settings.kind === HostKind.GroundSeg ? groundseg(settings, login) : ships(settings, address, takes)),
  ];
}

/** How a stack's `pulumi up` comes to deliver by itself. */
export const recordHostKey = (host: string, address: string): string =>
  `To have \`pulumi up\` deliver secrets and later changes of the set-up, record the key this host is recognised by, and run it again: ` +
  `pulumi config set --path 'roadstead:hostKeys["${host}"]' 'KEY'. KEY is what this prints: ${howToGetHostKey(address)}.`;

/** What a command prints, in a file that its owner alone reads and that stands in for no earlier copy. */
export const keepCopy = (command: string, file: string): string => `(umask 077; set -C; ${command} > ${file})`;

function volumeSteps(settings: HostSettings, login: string): string[] {
  const file = `${settings.name}-volume.key`;
  const header =
    `Keep a copy of the volume's header off the host, in case a sector of it goes bad: ` +
    keepCopy(`ssh ${login} 'sudo tar c -C /etc roadstead'`, `${settings.name}-volume-header.tar`);
  switch (volumeKey(settings)) {
    case VolumeKey.Basic:
      return [
        `Keep a copy of the volume's key and header off the host; without them a new host cannot open the volume: ` +
          keepCopy(`ssh ${login} 'sudo tar c -C /etc roadstead'`, `${settings.name}-volume-key.tar`),
      ];
    case VolumeKey.Operator:
      return [
        `Make the volume's key and keep it in two places off the host; without it the pier is lost: ${keepCopy("head -c 64 /dev/urandom", file)}`,
        `The set-up waits for it, and after every boot the ships do: ssh ${login} 'sudo ${LIB}/volume key' < ${file}`,
        header,
      ];
    case VolumeKey.Tang:
      return [
        `Before the host's next boot, keep a copy of the volume's own key off the host; it opens the volume if the tang servers are lost: ` +
          keepCopy(`ssh ${login} 'sudo cat /run/roadstead/volume.recovery'`, file),
        header,
      ];
  }
}

function ships(settings: HostSettings, address: string, takes: (d: Delivery) => string[]): string[] {
  const login = `${adminUser(settings)}@${address}`;
  const hints = logins(settings, address);
  const keys = new Map(deliveries(settings).map((d) => [d.ship, d]));
  return settings.ships.flatMap((ship) => {
    const called = ship.name ?? ship.id;
    if (ship.sealed) return [`${called} has booted for good and starts by itself.`];
    if (ship.imported)
      return [
        `Bring in the pier of ${called}, after its source is stopped for good: roadstead ship import FILE ${called} --pier PATH … gives the steps as a script, run with ${login}.`,
        seal(called, "no other host takes that pier, by then old, for a new one"),
      ];
    const key = keys.get(ship.id);
    const keyless = ship.fake || (ship.class === "comet" && !ship.keySecret);
    return [
      ...(key
        ? takes(key)
        : [
            keyless
              ? `${called} boots by itself; follow it: ssh ${login} 'sudo journalctl -fu roadstead-first-boot@${ship.id}'`
              : `Deliver the boot key of ${called}, once, over SSH: cat ${ship.id}.key | ssh ${login} 'sudo ${SHIP} key ${ship.id}'`,
          ]),
      ...(keyless ? [] : [seal(called, "its key is never delivered again, also not to a host made anew")]),
      `Log in at ${hints[ship.id]}.`,
    ];
  });
}

const seal = (called: string, so: string): string =>
  `Once ${called} runs, record that, so that ${so}: roadstead ship seal STACK --write`;

function groundseg(settings: HostSettings, login: string): string[] {
  const tunnel = [GROUNDSEG_UI_PORT, GROUNDSEG_API_PORT].map((p) => `-L ${p}:127.0.0.1:${p}`).join(" ");
  return [
    ...(settings.groundsegPassword
      ? []
      : [
          `Give GroundSeg a password for its page, once; it does not start before: ssh -t ${login} 'sudo ${GROUNDSEG} password'`,
        ]),
    `Open GroundSeg's page through a tunnel and log in with its password: ssh ${tunnel} ${login}, then http://localhost:${GROUNDSEG_UI_PORT}.`,
    `In GroundSeg, add the ships in this order, so that they get the ports that are open: ${settings.ships
      .map((s) => s.name ?? s.id)
      .join(", ")}. Keys are given there, never here.`,
  ];
}

// What a person does after `pulumi up`. Names secrets, never shows one.
import { adminUser } from "./render/access";
import { shipHost } from "./render/edge";
import { GROUNDSEG_API_PORT, GROUNDSEG_UI_PORT } from "./render/groundseg";
import { LIB } from "./render/file";
import { HostKind, VolumeKey, type HostSettings } from "./render/settings";
import { usesLuks, volumeKey } from "./render/volume";

const SHIP = `${LIB}/ship`;

export function nextSteps(settings: HostSettings, address: string, dns: { recorded: boolean }): string[] {
  const login = `${adminUser(settings)}@${address}`;
  const own = settings.kind === HostKind.BareMetal;
  const steps = [
    own
      ? `Run the script on the host as root: roadstead host render STACK --script --host ${settings.name} prints it; the component's output \`script\` is the same text.`
      : `Wait for the set-up: ssh ${login} 'sudo journalctl -fu roadstead-bootstrap'; it ends with /var/lib/roadstead/bootstrap.done.`,
  ];
  if (usesLuks(settings)) steps.push(...volumeSteps(settings, login));
  if (settings.domain && !dns.recorded)
    for (const ship of settings.ships)
      steps.push(`Set the A record ${shipHost(ship.id, settings.domain)} to ${address}.`);
  return [...steps, ...(settings.kind === HostKind.GroundSeg ? groundseg(settings, login) : ships(settings, login))];
}

function volumeSteps(settings: HostSettings, login: string): string[] {
  const file = `${settings.name}-volume.key`;
  const header =
    `Keep a copy of the volume's header off the host, in case a sector of it goes bad: ` +
    `ssh ${login} 'sudo tar c -C /etc roadstead' > ${settings.name}-volume-header.tar`;
  switch (volumeKey(settings)) {
    case VolumeKey.Basic:
      return [
        `Keep a copy of the volume's key and header off the host; without them a new host cannot open the volume: ` +
          `ssh ${login} 'sudo tar c -C /etc roadstead' > ${settings.name}-volume-key.tar`,
      ];
    case VolumeKey.Operator:
      return [
        `Make the volume's key and keep it in two places off the host; without it the pier is lost: head -c 64 /dev/urandom > ${file}`,
        `The set-up waits for it, and after every boot the ships do: ssh ${login} 'sudo ${LIB}/volume key' < ${file}`,
        header,
      ];
    case VolumeKey.Tang:
      return [
        `Before the host's next boot, keep a copy of the volume's own key off the host; it opens the volume if the tang servers are lost: ` +
          `ssh ${login} 'sudo cat /run/roadstead/volume.recovery' > ${file}`,
        header,
      ];
  }
}

function ships(settings: HostSettings, login: string): string[] {
  return settings.ships.flatMap((ship) => {
    const called = ship.name ?? ship.id;
    if (ship.sealed) return [`${called} has booted for good and starts by itself.`];
    if (ship.imported)
      return [
        `Bring in the pier of ${called}, after its source is stopped for good: roadstead ship import FILE ${called} --pier PATH … gives the steps as a script, run with ${login}.`,
      ];
    const keyless = ship.fake || (ship.class === "comet" && !ship.keySecret);
    return [
      ...(keyless
        ? [`${called} boots by itself; follow it: ssh ${login} 'sudo journalctl -fu roadstead-first-boot@${ship.id}'`]
        : [
            `Deliver the boot key of ${called}, once, over SSH: ` +
              `${ship.keySecret ? `pulumi config get ${ship.keySecret}` : `cat ${ship.id}.key`} | ssh ${login} 'sudo ${SHIP} key ${ship.id}'`,
          ]),
      settings.domain
        ? `Log in at https://${shipHost(ship.id, settings.domain)}; the code comes from the ship's own dojo (+code) or from Bridge.`
        : `Log in through a tunnel: ssh -L ${ship.httpPort}:127.0.0.1:${ship.httpPort} ${login}, then http://localhost:${ship.httpPort}; the code comes from the ship's own dojo (+code) or from Bridge.`,
    ];
  });
}

function groundseg(settings: HostSettings, login: string): string[] {
  const tunnel = [GROUNDSEG_UI_PORT, GROUNDSEG_API_PORT].map((p) => `-L ${p}:127.0.0.1:${p}`).join(" ");
  return [
    `Set up GroundSeg through a tunnel, at once: ssh ${tunnel} ${login}, then http://localhost:${GROUNDSEG_UI_PORT}. Whoever reaches this page first sets its password.`,
    `In GroundSeg, add the ships in this order, so that they get the ports that are open: ${settings.ships
      .map((s) => s.name ?? s.id)
      .join(", ")}. Keys are given there, never here.`,
  ];
}

// What GroundSeg cannot be told beforehand, and a person sets by hand: compared with the lock. Pure.
import { z } from "zod";
import { GROUNDSEG } from "../../../components/host/render/groundseg";
import { GROUNDSEG_API_PORT, GROUNDSEG_UI_PORT } from "../../../components/host/render/groundseg-command";
import { HostKind } from "../../../components/host/render/settings";
import { blocks, type Finding, look, ok } from "../diagnose";
import { short } from "./facts";
import { sshTo, type Told } from "./subject";

const given = z.object({ http: z.number().nullish(), ames: z.number().nullish(), boot: z.string().nullish() });
const rules = z.object({ closed: z.boolean(), udp: z.array(z.number()), other: z.number(), reached: z.boolean() });

/** What `groundseg status` on the host prints; what it adds later is left alone. */
const statusSchema = z.object({
  volume: z.boolean(),
  dockerData: z.boolean(),
  settings: z.object({
    there: z.boolean(),
    ready: z.boolean(),
    mode: z.string().nullish(),
    sessionKeyMode: z.string().nullish(),
  }),
  unit: z.string(),
  version: z.object({
    pinned: z.string().nullish(),
    said: z.string().nullish(),
    checksumIsPinned: z.boolean().nullish(),
    updateMode: z.string().nullish(),
  }),
  ships: z.array(z.object({ id: z.string(), http: z.number(), ames: z.number(), given: given.nullish() })),
  otherShips: z.array(z.string()),
  dockerUser: z.object({ ipv4: rules, ipv6: rules, expected: z.array(z.number()).nullish() }),
  startram: z.object({ registered: z.boolean(), on: z.boolean() }),
});
type Status = z.infer<typeof statusSchema>;

export function judgeGroundseg(told: Told): Finding[] {
  const { facts, expected, at } = told;
  if (expected?.settings.kind !== HostKind.GroundSeg) return [];
  const read = statusSchema.safeParse(facts.groundseg);
  if (!read.success)
    return [
      blocks(
        "groundseg",
        "GroundSeg's state could not be read: an older Roadstead set this host up, or its set-up is not done",
        at(`sudo ${GROUNDSEG} status`),
      ),
    ];
  const s = read.data;
  return [...settled(s, told), ...containers(s, told), ...ships(s, told)];
}

function settled(s: Status, { at, expected }: Told): Finding[] {
  const found: Finding[] = [];
  const secret = expected!.groundsegSecret;
  if (!s.volume || !s.dockerData)
    found.push(
      blocks(
        "groundseg/volume",
        "Docker's data is not on the pier volume: new, empty piers would be made beside it",
        at("sudo journalctl -n 30 -u roadstead-volume"),
      ),
    );
  if (!s.settings.ready)
    return [
      ...found,
      s.unit === "active"
        ? blocks(
            "groundseg/password",
            "GroundSeg runs without a password: whoever reaches its page first sets one",
            `${at("sudo systemctl stop groundseg")}, then ${at(`sudo ${GROUNDSEG} password`)}`,
          )
        : look(
            "groundseg/password",
            "GroundSeg waits for its password, and does not listen until it has one",
            secret === undefined
              ? `${at(`sudo ${GROUNDSEG} password`).replace(/^ssh /, "ssh -t ")}`
              : `pulumi config get ${secret} | ${at(`sudo ${GROUNDSEG} password`)}`,
          ),
    ];
  if (s.unit !== "active")
    found.push(
      blocks(
        "groundseg/unit",
        `GroundSeg does not run (${short(s.unit || "unknown", 20)})`,
        at("sudo systemctl restart groundseg"),
      ),
    );
  if (s.version.checksumIsPinned !== true)
    found.push(
      look(
        "groundseg/version",
        `the program is not the pinned version ${short(s.version.pinned ?? "none", 20)} by its checksum${s.version.updateMode === "manual" ? "" : ": it replaces itself"}`,
        "docs/components/groundseg-host.md: update mode manual keeps it; a newer one goes into the requirements",
      ),
    );
  else if (s.version.updateMode !== "manual")
    found.push(
      look(
        "groundseg/updates",
        `its update mode is ${short(s.version.updateMode ?? "not set", 20)}: it replaces itself and its ships' runtimes`,
        "set it to manual on its page",
      ),
    );
  for (const [what, mode] of [
    ["its settings", s.settings.mode],
    ["its session key", s.settings.sessionKeyMode],
  ] as const)
    if (mode != null && !/^[0-7]00$/.test(mode))
      found.push(
        blocks(
          "groundseg/modes",
          `others than root may read ${what} (mode ${short(mode, 5)})`,
          at("sudo chmod -R go-rwx /opt/nativeplanet/groundseg/settings"),
        ),
      );
  return found.length > 0
    ? found
    : [
        ok(
          "groundseg",
          `GroundSeg ${short(s.version.pinned ?? "", 20)} runs with its password set, and keeps its version`,
        ),
        ok(
          "groundseg/startram",
          s.startram.registered
            ? "StarTram is registered"
            : "StarTram is not registered; it is set up by hand, where it is wanted",
        ),
      ];
}

function containers({ dockerUser, volume }: Status, { at }: Told): Finding[] {
  if (!volume) return [];
  const wrong = (
    [
      ["IPv4", dockerUser.ipv4],
      ["IPv6", dockerUser.ipv6],
    ] as const
  ).filter(
    ([, r]) =>
      !r.closed ||
      // Docker leaves IPv6 to its proxy, which the host's own firewall closes.
      (!r.reached && r === dockerUser.ipv4) ||
      r.other > 0 ||
      (dockerUser.expected != null && [...r.udp].sort().join() !== [...dockerUser.expected].sort().join()),
  );
  return wrong.length === 0
    ? [ok("docker-user", "what containers publish is closed but for the ships' Ames ports")]
    : [
        blocks(
          "docker-user",
          `what containers publish is not closed as it should be, by ${wrong.map(([family]) => family).join(" and ")}`,
          `${at("sudo /usr/local/lib/roadstead/docker-user")}; what is there: ${at("sudo iptables -S DOCKER-USER")}`,
        ),
      ];
}

const tunnel = ({ subject }: Told): string =>
  `${sshTo(subject).replace(/^ssh /, `ssh ${[GROUNDSEG_UI_PORT, GROUNDSEG_API_PORT].map((p) => `-L ${p}:127.0.0.1:${p}`).join(" ")} `)}, then http://localhost:${GROUNDSEG_UI_PORT}`;

function ships(s: Status, told: Told): Finding[] {
  const { expected } = told;
  if (!s.settings.ready) return [];
  const found: Finding[] = [];
  for (const ship of expected!.settings.ships) {
    const there = s.ships.find((x) => x.id === ship.id)?.given;
    if (there == null) {
      found.push(
        look(
          `ship/${ship.id}/groundseg`,
          `${ship.id} is not in GroundSeg yet`,
          `add it on its page, in the order of the lock: ${tunnel(told)}`,
        ),
      );
      continue;
    }
    if ((there.http != null && there.http !== ship.httpPort) || (there.ames != null && there.ames !== ship.amesPort))
      found.push(
        blocks(
          `ship/${ship.id}/ports`,
          `GroundSeg gave ${ship.id} HTTP ${there.http} and Ames ${there.ames}; the lock has ${ship.httpPort} and ${ship.amesPort}, which is what is open`,
          "docs/components/groundseg-host.md: ships get their ports in the order they are added",
        ),
      );
    else
      found.push(
        ok(
          `ship/${ship.id}`,
          `${ship.id}: in GroundSeg on its recorded ports, ${short(there.boot ?? "state unknown", 20)}`,
        ),
      );
  }
  return [
    ...found,
    ...s.otherShips.map((id) =>
      look(
        `ship/${short(id, 60)}/stranger`,
        `GroundSeg has ${short(id, 60)}, which the lock does not place on this host`,
        "nothing claims it: make sure that it runs nowhere else",
      ),
    ),
  ];
}

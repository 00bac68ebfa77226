// What the doctor says of GroundSeg, and of what is seen from outside.
import { judgeHost } from "../../../cli/doctor/host/judge";
import type { Outside, Page } from "../../../cli/doctor/host/outside";
import { ADDRESS, DAY, GROUNDSEG, groundsegStatus, healthy, NAME, NOW, seenFromOutside, subject } from "./host-states";
import { done, judged, wrong } from "./judged";

describe("GroundSeg", () => {
  const with_ = (change: (s: ReturnType<typeof groundsegStatus>) => void) => {
    const status = groundsegStatus();
    change(status);
    return judged((f) => (f.groundseg = done(JSON.stringify(status))), GROUNDSEG);
  };

  test("set up as it should be is fine, and what only a person can set is said", () => {
    const { findings, exit } = with_(() => undefined);
    expect(exit).toBe(0);
    expect(wrong(findings).map((f) => f.id)).toEqual(["backup"]);
  });

  test.each<[string, Parameters<typeof with_>[0], string, string, RegExp]>([
    [
      "waits for its password",
      (s) => ((s.settings.ready = false), (s.unit = "inactive")),
      "groundseg/password",
      "look",
      /waits for its password.*ssh -t keeper.*groundseg password/,
    ],
    [
      "runs without a password",
      (s) => (s.settings.ready = false),
      "groundseg/password",
      "blocks",
      /whoever reaches its page first/,
    ],
    ["does not run", (s) => (s.unit = "failed"), "groundseg/unit", "blocks", /does not run \(failed\)/],
    [
      "replaced itself",
      (s) => ((s.version.checksumIsPinned = false), (s.version.updateMode = "auto")),
      "groundseg/version",
      "look",
      /replaces itself/,
    ],
    ["is open to readers", (s) => (s.settings.mode = "755"), "groundseg/modes", "blocks", /others than root/],
    [
      "has containers in the open",
      (s) => (s.dockerUser.ipv6 = { ...s.dockerUser.ipv6, closed: false }),
      "docker-user",
      "blocks",
      /by IPv6/,
    ],
    [
      "lacks a ship",
      (s) => (s.ships[1]!.given = null as never),
      "ship/ridlur-figbud/groundseg",
      "look",
      /not in GroundSeg yet.*-L 8000/,
    ],
    ["gave a ship other ports", (s) => (s.ships[0]!.given.ames = 34400), "ship/sampel-palnet/ports", "blocks", /34400/],
    ["has a ship more", (s) => s.otherShips.push("nec"), "ship/nec/stranger", "look", /the lock does not place/],
    ["lost its volume", (s) => (s.dockerData = false), "groundseg/volume", "blocks", /not on the pier volume/],
  ])("%s", (_what, change, id, level, says) => {
    const hit = with_(change).findings.find((f) => f.id === id && f.level !== "ok");
    expect(hit && `${hit.what} → ${hit.fix}`).toMatch(says);
    expect(hit!.level).toBe(level);
  });

  test("its password comes from the config secret that the lock names", () => {
    const named = { ...GROUNDSEG, lock: { ...GROUNDSEG.lock, groundseg: { password: { secret: "pageWord" } } } };
    const status = { ...groundsegStatus(), unit: "inactive" };
    status.settings.ready = false;
    const { findings } = judged((f) => (f.groundseg = done(JSON.stringify(status))), named);
    expect(findings.find((f) => f.id === "groundseg/password")!.fix).toMatch(
      /^pulumi config get pageWord \| ssh keeper@203\.0\.113\.10 'sudo .*groundseg password'$/,
    );
  });

  test("an answer that is none is not passed", () => {
    for (const out of ["", "{}", "[", '{"volume":"yes"}'])
      expect(
        judged((f) => (f.groundseg = done(out)), GROUNDSEG).findings.find((f) => f.id === "groundseg"),
      ).toMatchObject({
        level: "blocks",
      });
  });
});

describe("from outside", () => {
  const page = (over: Partial<Page>): Partial<Outside> => ({
    names: {
      [NAME]: { addresses: [ADDRESS], page: { status: 404, distrust: null, certificateEnds: NOW + 60 * DAY, ...over } },
    },
  });
  const ports = (over: Outside["ports"]): Partial<Outside> => ({ ports: { ...seenFromOutside().ports, ...over } });

  test.each<[string, Partial<Outside>, string, string, RegExp]>([
    ["a ship's own port", ports({ 8081: "open" }), "port/8081", "blocks", /answers from outside/],
    ["the lens", ports({ 12321: "open" }), "port/12321", "blocks", /answers from outside/],
    ["no web", ports({ 443: "silent" }), "port/443", "blocks", /does not answer from outside/],
    ["a port that was not tried", ports({ 3000: "unknown" }), "ports", "look", /3000 were not checked/],
    [
      "a name that leads elsewhere",
      { names: { [NAME]: { addresses: ["198.51.100.1"], page: null } } },
      `name/${NAME}`,
      "blocks",
      /leads to 198\.51\.100\.1, not to this host/,
    ],
    [
      "a name that is not there",
      { names: { [NAME]: { addresses: [], page: null } } },
      `name/${NAME}`,
      "blocks",
      /no address in DNS.*A record to 203\.0\.113\.10/,
    ],
    [
      "no name server",
      { names: { [NAME]: { addresses: null, page: null } } },
      `name/${NAME}`,
      "look",
      /no name server answered/,
    ],
    [
      "no handshake",
      { names: { [NAME]: { addresses: [ADDRESS], page: null } } },
      `tls/${NAME}`,
      "blocks",
      /no TLS handshake/,
    ],
    [
      "a certificate nobody trusts",
      page({ distrust: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
      `tls/${NAME}`,
      "blocks",
      /not trusted: DEPTH_ZERO/,
    ],
    ["a certificate that ends", page({ certificateEnds: NOW + 5 * DAY }), `tls/${NAME}`, "look", /ends in 5 days/],
    ["the runtime's pages in the open", page({ status: 204 }), `site/${NAME}`, "blocks", /answers 204 from outside/],
    [
      "nothing looked at",
      { notChecked: "your ssh goes through another host" },
      "outside",
      "look",
      /not checked from outside/,
    ],
  ])("%s is found and named", (_what, over, id, level, says) => {
    const { findings } = judgeHost(subject(healthy(), { outside: seenFromOutside(over) }));
    const hit = findings.find((f) => f.id === id && f.level !== "ok");
    expect(hit && `${hit.what} → ${hit.fix}`).toMatch(says);
    expect(hit!.level).toBe(level);
  });

  test("a host that cannot be logged in to is still looked at", () => {
    const { findings, exit } = judgeHost(
      subject(healthy(), { answer: { silence: "unreachable", said: "Connection timed out" } }),
    );
    expect(exit).toBe(1);
    expect(findings[0]).toMatchObject({
      id: "login",
      level: "blocks",
      fix: expect.stringMatching(/the machine is there/),
    });
    expect(findings.find((f) => f.id === `site/${NAME}`)).toMatchObject({ level: "ok" });
  });

  test.each([
    ["host-key", 13],
    ["login", 13],
    ["sudo", 13],
    ["unreachable", 1],
    ["too-slow", 9],
    ["failed", 1],
  ] as const)("%s ends with %d", (silence, exit) => {
    expect(judgeHost(subject(healthy(), { answer: { silence, said: "x" }, outside: null })).exit).toBe(exit);
  });
});

// The password of GroundSeg's page: where it goes, what the next steps say of it, and what of a host is refused.
import { nextSteps } from "../../../components/host/next-steps";
import { hostSettings, renderHost, renderSettings } from "../../../components/host/render";
import { deliveries } from "../../../components/host/render/delivery";
import { HostRefused } from "../../../components/host/render/rendered";
import type { Architecture } from "../../../planner/architecture/schema";
import { groundseg, planet, ship } from "../host/sample";

const { host, lock } = groundseg();
const password = { password: { secret: "groundseg-password" } };
const declared = hostSettings(host, { ...lock, groundseg: password } as Architecture);
const byHand = hostSettings(host, lock);
const steps = (settings = declared, delivered?: Set<string>) =>
  nextSteps(settings, "203.0.113.10", { recorded: true, delivered });

describe("a password that the lock names", () => {
  const [delivery, ...others] = deliveries(declared);

  it("is the one secret that the host takes: ships' keys are given in the page", () => {
    expect(others).toEqual([]);
    expect(delivery).toMatchObject({
      id: "groundseg-password",
      secret: "groundseg-password",
      command: "sudo /usr/local/lib/roadstead/groundseg password",
    });
    expect(deliveries({ ...hostSettings(planet().host, planet().lock), groundsegPassword: undefined })).toHaveLength(1);
  });

  it("does not fail `up` where GroundSeg has one already, and does for every other reason", () => {
    expect(delivery!.unattended).toBe(`${delivery!.command} || [ $? = 77 ]`);
  });

  it("does not leave for the host when it is too short, and is not repeated", () => {
    expect(delivery!.refusal!("elevenchars\n")).toMatch(/groundseg-password: received fewer characters/);
    expect(delivery!.refusal!("elevenchars\n")).not.toContain("elevenchars");
    expect(delivery!.refusal!("twelve chars\n")).toBeNull();
  });

  it("is in no file of the host, nor is its name", () => {
    expect(JSON.stringify(renderSettings(declared).files)).toBe(JSON.stringify(renderSettings(byHand).files));
  });
});

describe("the next steps", () => {
  it("deliver the password before the page is opened, or say how it is typed", () => {
    expect(steps().join("\n")).toMatch(
      /pulumi config get groundseg-password \| ssh keeper@203\.0\.113\.10 'sudo \S+groundseg password'[^]*through a tunnel/,
    );
    expect(steps(byHand).join("\n")).toMatch(
      /ssh -t keeper@203\.0\.113\.10 'sudo \S+groundseg password'[^]*through a tunnel/,
    );
    expect(steps(declared, new Set(["groundseg-password"])).join("\n")).not.toMatch(/groundseg password'/);
  });

  it("never have somebody set the password on the page", () => {
    for (const settings of [declared, byHand])
      expect(steps(settings).join("\n")).not.toMatch(/reaches this page first/);
  });
});

describe("refused", () => {
  const refusal = (over: Partial<Architecture>): string => {
    try {
      renderHost(host, { ...lock, ...over });
      return "";
    } catch (error) {
      return error instanceof HostRefused ? error.message : String(error);
    }
  };
  const many = (n: number) =>
    Array.from({ length: n }, (_, i) =>
      ship(`ship-${String.fromCharCode(97 + i)}`, {
        host: "harbour",
        name: null,
        ames: { inbound: "direct", port: 34344 + i },
        httpPort: 8081 + i,
      }),
    );

  it("is a 21st ship", () => {
    expect(refusal({ ships: many(20) })).toBe("");
    expect(refusal({ ships: many(21) })).toMatch(/21 ships; accepted: at most 20 ships/);
  });

  it("is a comet, and a ship on a port of GroundSeg's own pages", () => {
    const [first, ...rest] = lock.ships;
    expect(refusal({ ships: [{ ...first!, class: "comet" }, ...rest] })).toMatch(/any class but a comet/);
    for (const httpPort of [80, 3000, 8000, 19999])
      expect(refusal({ ships: [{ ...first!, httpPort }, ...rest] })).toMatch(/a free port/);
  });
});

describe("what the command on the host reads", () => {
  const made = JSON.parse(
    renderHost(host, lock).files.find((f) => f.path === "/etc/roadstead/groundseg.json")!.content,
  ) as Record<string, unknown>;

  it("keeps the pinned version, makes no second swap, and names ships and ports in their order", () => {
    expect(made).toEqual({
      version: "2.8.6",
      sha256: lock.versions.groundseg!.sha256!.x86_64,
      settings: { updateMode: "manual", swapVal: -1, gsVersion: "v2.8.6" },
      ships: [
        { id: "sampel-palnet", http: 8081, ames: 34344 },
        { id: "ridlur-figbud", http: 8082, ames: 34345 },
      ],
      udp: [34344, 34345],
    });
  });
});

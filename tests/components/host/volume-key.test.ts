// Who keeps a volume's key: what is refused, what the host is told, and what a person is told to do.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nextSteps } from "../../../components/host/next-steps";
import { hostSettings, renderHost, VolumeKey, type RenderHostOptions } from "../../../components/host/render";
import { bareMetal, host, planet } from "./sample";
import { temporary } from "./temporary";

const TANG = [
  { url: "http://tang-1.example.com:7500", thumbprint: "A".repeat(43) },
  { url: "http://tang-2.example.net", thumbprint: "b-_".repeat(9) },
];
const render = (options: RenderHostOptions, sample = planet()) => renderHost(sample.host, sample.lock, options);
const file = (path: string, options: RenderHostOptions) => render(options).files.find((f) => f.path === path)!.content;
const steps = (options: RenderHostOptions): string => {
  const { host, lock } = planet();
  return nextSteps(hostSettings(host, lock, options), "203.0.113.10", { recorded: true }).join("\n");
};

it("is the host's root disk by default, and its owner is told to keep a copy", () => {
  expect(file("/etc/roadstead/volume.env", {})).toContain("\nKEY=basic\n");
  expect(steps({})).toContain("sudo tar c -C /etc roadstead");
});

it("as operator never is, and the set-up waits for it", () => {
  const options = { volumeKey: VolumeKey.Operator };
  expect(file("/etc/roadstead/volume.env", options)).toContain("\nKEY=operator\n");
  expect(steps(options)).toMatch(/volume key' < home-volume\.key/);
});

it("with tang is bound to every server, asked once there is a network", () => {
  const options = { volumeKey: VolumeKey.Tang, tang: TANG };
  const pins = /^TANG='(.*)'$/m.exec(file("/etc/roadstead/volume.env", options))![1]!;
  expect(JSON.parse(pins)).toEqual({
    t: 2,
    pins: { tang: TANG.map((t) => ({ url: t.url, thp: t.thumbprint })) },
  });
  expect(file("/etc/systemd/system/roadstead-volume.service", options)).toContain("After=network-online.target");
  expect(render(options).steps.find((s) => s.id === "packages")!.run).toContain("clevis-luks");
  expect(steps(options)).toContain("/run/roadstead/volume.recovery");
});

it.each<[string, RenderHostOptions, number]>([
  ["basic", {}, 1],
  ["operator", { volumeKey: VolumeKey.Operator }, 2],
  ["tang", { volumeKey: VolumeKey.Tang, tang: TANG }, 2],
])(
  "kept as %s, what is copied to a person's own disk is theirs alone, and written over nothing",
  (_, options, files) => {
    const said = steps(options);
    const commands = said.match(/\(.* > \S+\)/g) ?? [];
    expect(commands).toHaveLength(files);
    expect(said.split(" > ")).toHaveLength(files + 1);
    const dir = temporary("roadstead-copies-");
    mkdirSync(join(dir, "bin"));
    writeFileSync(join(dir, "bin/ssh"), "#!/bin/sh\necho the key\n", { mode: 0o755 });
    const env = { ...process.env, PATH: `${dir}/bin:${process.env.PATH}` };
    for (const command of commands) {
      const run = () => spawnSync("sh", ["-c", `umask 022; ${command}`], { cwd: dir, env }).status;
      const file = join(dir, / > (\S+)\)$/.exec(command)![1]!);
      expect(run()).toBe(0);
      const first = readFileSync(file, "hex");
      expect([statSync(file).mode & 0o777, first.length > 0]).toEqual([0o600, true]);
      expect(run()).not.toBe(0);
      expect(readFileSync(file, "hex")).toBe(first);
    }
  },
);

it.each<[string, RenderHostOptions, RegExp]>([
  // A random key would be made in memory, and forgotten with the pier behind it.
  [
    "a keeper nobody knows",
    { volumeKey: "Operator" as VolumeKey },
    /volumeKey: received Operator; accepted:? basic, tang/,
  ],
  ["tang without a server", { volumeKey: "tang" }, /tang: received 0 servers with volumeKey tang/],
  ["servers without tang", { tang: TANG }, /tang: received 2 servers with volumeKey basic/],
  [
    "an address that a shell would read",
    { volumeKey: "tang", tang: [{ ...TANG[0]!, url: "http://a'; rm x" }] },
    /tang\[0\]\.url/,
  ],
  [
    "a server that nothing identifies",
    { volumeKey: "tang", tang: [{ ...TANG[0]!, thumbprint: "" }] },
    /tang\[0\]\.thumbprint/,
  ],
])("%s is refused", (_, options, reason) => {
  expect(() => render(options)).toThrow(reason);
});

it("is refused where there is nothing that LUKS encrypts", () => {
  const aws = {
    ...planet(),
    host: host({ provider: "aws", region: "us-west-2", zone: "us-west-2a", size: "t3.medium" }),
  };
  for (const sample of [aws, bareMetal()])
    expect(() => render({ volumeKey: VolumeKey.Operator }, sample)).toThrow(/volumeKey: received operator/);
});

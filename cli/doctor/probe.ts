// The thin half of the doctor: looks at this machine and the project, starts at most the Pulumi CLI, asks no network.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Architecture } from "../../planner/architecture/schema";
import type { Io } from "../io";
import { POLICY_PACK } from "../next-steps";
import type { Project } from "../project";
import type { Facts } from "./facts";

export interface Probe {
  /** Standard output of a program, or null when it is not there or failed. */
  run(command: string, args: readonly string[]): string | null;
  exists(file: string): boolean;
  read(file: string): string | null;
  home: string;
  nodeVersion: string;
}

export function machineProbe(io: Io): Probe {
  return {
    run: (command, args) => {
      const env = { ...io.env, PULUMI_SKIP_UPDATE_CHECK: "1", PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK: "1" };
      const done = spawnSync(command, args, { cwd: io.cwd, env, encoding: "utf8", timeout: 20_000 });
      return done.error === undefined && done.status === 0 ? done.stdout : null;
    },
    exists: (file) => fs.existsSync(file),
    read: (file) => (fs.existsSync(file) ? fs.readFileSync(file, "utf8") : null),
    home: io.env.HOME ?? io.env.USERPROFILE ?? "/nonexistent",
    nodeVersion: process.version,
  };
}

export type Looked = Omit<
  Facts,
  | "stack"
  | "file"
  | "project"
  | "cellStacks"
  | "config"
  | "hostKeys"
  | "missing"
  | "runState"
  | "lockProblems"
  | "environmentProblems"
>;

/** `delivers`: something goes to a host over SSH. */
export function lookAround(
  io: Io,
  probe: Probe,
  project: Project,
  architecture: Architecture,
  stack: string,
  delivers = false,
): Looked {
  const version = probe.run("pulumi", ["version"])?.trim() ?? null;
  const backend = backendOf(io, probe, project);
  const main = project.main === null ? null : path.join(project.root, project.main);
  return {
    projectFound: project.found,
    policyPack: policyPack(io, probe, project),
    nodeMajor: Number(/^v?(\d+)/.exec(probe.nodeVersion)?.[1] ?? 0),
    program: main === null ? null : { main: project.main!, built: entryPoints(main).some((f) => probe.exists(f)) },
    pulumi: version === null ? null : { version },
    languageHost: onPath(io, probe, "pulumi-language-nodejs"),
    plugins: version === null ? null : pluginsInstalled(probe),
    pluginsNeeded: pluginsNeeded(probe, architecture, delivers),
    backend,
    stackExists: stackExists(probe, backend?.url ?? null, project.name, stack),
    passphrase: io.env.PULUMI_CONFIG_PASSPHRASE !== undefined || (io.env.PULUMI_CONFIG_PASSPHRASE_FILE ?? "") !== "",
    credentials: credentialsOf(io, probe),
  };
}

/** Beside Pulumi.yaml in a checkout, else in the package. */
function policyPack(io: Io, probe: Probe, project: Project): string {
  const places = [POLICY_PACK, path.join("node_modules", "roadstead", POLICY_PACK)].map((p) =>
    path.join(project.root, p),
  );
  const dir = places.find((p) => probe.exists(path.join(p, "PulumiPolicy.yaml"))) ?? places[0]!;
  return path.relative(path.resolve(io.cwd), dir) || ".";
}

const entryPoints = (main: string): string[] =>
  /\.[cm]?js$/.test(main) ? [main] : [`${main}.js`, path.join(main, "index.js")];

function onPath(io: Io, probe: Probe, name: string): boolean {
  const names = process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name];
  const pulumiHome = io.env.PULUMI_HOME ?? path.join(probe.home, ".pulumi");
  const places = [...(io.env.PATH ?? "").split(path.delimiter), path.join(pulumiHome, "bin")].filter(Boolean);
  return places.some((dir) => names.some((n) => probe.exists(path.join(dir, n))));
}

function pluginsInstalled(probe: Probe): string[] | null {
  const text = probe.run("pulumi", ["plugin", "ls", "--json"]);
  if (text === null) return null;
  try {
    const list = JSON.parse(text) as { name: string; kind: string; version: string }[];
    return list.filter((p) => p.kind === "resource").map((p) => `${p.name}@${p.version.replace(/^v/, "")}`);
  } catch {
    // A CLI that prints something else is one whose plugins we do not know.
    return null;
  }
}

function pluginsNeeded(probe: Probe, a: Architecture, delivers: boolean): Facts["pluginsNeeded"] {
  const onCluster = a.cluster !== null;
  const providers = new Set([a.provider, ...a.hosts.map((h) => h.provider)]);
  const names = [
    ...(providers.has("aws") ? ["aws"] : []),
    ...(providers.has("digitalocean") ? ["digitalocean"] : []),
    ...(onCluster ? ["kubernetes"] : []),
    ...(delivers ? ["command"] : []),
    // Grafana's password.
    ...(a.monitoring.enabled && a.role === "platform" ? ["random"] : []),
  ];
  return names.flatMap((name) => {
    const version = sdkVersion(probe, name);
    return version === null ? [] : [{ name, version }];
  });
}

/** The plugin's version is its SDK's; the SDK itself is not loaded for that. */
function sdkVersion(probe: Probe, name: string): string | null {
  for (const dir of require.resolve.paths(`@pulumi/${name}`) ?? []) {
    const text = probe.read(path.join(dir, "@pulumi", name, "package.json"));
    if (text !== null) return (JSON.parse(text) as { version: string }).version;
  }
  return null;
}

export const backendUrl = (io: Io, probe: Probe, project: Project): string | null =>
  backendOf(io, probe, project)?.url ?? null;

function backendOf(io: Io, probe: Probe, project: Project): Facts["backend"] {
  const fromEnv = io.env.PULUMI_BACKEND_URL;
  if (fromEnv) return { url: withoutUserinfo(fromEnv), from: "PULUMI_BACKEND_URL" };
  if (project.backend) return { url: withoutUserinfo(project.backend), from: "Pulumi.yaml" };
  const text = probe.read(path.join(io.env.PULUMI_HOME ?? path.join(probe.home, ".pulumi"), "credentials.json"));
  try {
    const current = text === null ? undefined : (JSON.parse(text) as { current?: string }).current;
    if (current) return { url: withoutUserinfo(current), from: "pulumi login" };
  } catch {
    // A torn credentials file logs nobody in.
  }
  return io.env.PULUMI_ACCESS_TOKEN ? { url: "https://api.pulumi.com", from: "PULUMI_ACCESS_TOKEN" } : null;
}

/** A URL may carry a password; the doctor shows none. */
function withoutUserinfo(url: string): string {
  return url.replace(/^([a-z0-9+.-]+:\/\/)[^/@]*@/i, "$1").replace(/\?.*$/, "");
}

/** Only a backend of files can be looked into without the network. */
function stackExists(probe: Probe, url: string | null, project: string, stack: string): boolean | null {
  if (url === null || !url.startsWith("file://")) return null;
  const dir = url.slice("file://".length).replace(/^~/, probe.home);
  const state = path.join(dir === "" ? probe.home : dir, ".pulumi", "stacks");
  return ["json", "json.gz"].some((ext) => probe.exists(path.join(state, project, `${stack}.${ext}`)));
}

function credentialsOf(io: Io, probe: Probe): Facts["credentials"] {
  const { env } = io;
  const given = (...names: string[]) => names.find((n) => (env[n] ?? "") !== "") ?? null;
  const awsFile = [
    env.AWS_SHARED_CREDENTIALS_FILE ?? path.join(probe.home, ".aws", "credentials"),
    env.AWS_CONFIG_FILE ?? path.join(probe.home, ".aws", "config"),
  ].find((f) => probe.exists(f));
  const awsKeys = given("AWS_ACCESS_KEY_ID") && given("AWS_SECRET_ACCESS_KEY") ? "AWS_ACCESS_KEY_ID" : null;
  return {
    aws:
      awsKeys ??
      given(
        "AWS_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
      ) ??
      awsFile ??
      null,
    digitalocean: given("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"),
    spaces: given("SPACES_ACCESS_KEY_ID") && given("SPACES_SECRET_ACCESS_KEY") ? "SPACES_ACCESS_KEY_ID" : null,
  };
}

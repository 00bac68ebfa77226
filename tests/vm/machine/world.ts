// The world outside of a host, which is this test run in a network namespace of its own: an administrator with a key, a
// stranger, and the download servers under their real names.
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { OUTSIDE, OUTSIDE_V6, served } from "../../host/downloads";

/** Set by run.mjs, which builds it. */
const ROOT = process.env["ROADSTEAD_HOST_ROOT"] ?? "";

/** The host's network card, and this end of its cable. */
export const CARD = { name: "tap-roadstead", mac: "02:00:00:00:00:10" } as const;

export interface World {
  /** Options of the administrator's ssh. */
  ssh: string[];
  /** Drops a connection to a host that has ended. */
  forget: () => void;
  close: () => void;
}

/** Makes the administrator's key for this run, and gives its public half. */
export function administrator(folder: string): string {
  const file = join(folder, "administrator");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "owner@example", "-f", file]);
  return readFileSync(`${file}.pub`, "utf8").trim();
}

export async function world(folder: string): Promise<World> {
  const ip = (...args: string[]) => execFileSync("ip", args);
  ip("link", "set", "lo", "up");
  ip("tuntap", "add", CARD.name, "mode", "tap");
  for (const address of Object.values(OUTSIDE)) ip("addr", "add", `${address}/24`, "dev", CARD.name);
  for (const address of Object.values(OUTSIDE_V6)) ip("addr", "add", `${address}/32`, "dev", CARD.name, "nodad");
  ip("link", "set", CARD.name, "up");

  const base = join(ROOT, "base");
  const server = createServer(
    {
      key: readFileSync(join(base, "opt/test/server.key")),
      cert: readFileSync(join(base, "usr/local/share/ca-certificates/test.crt")),
    },
    (request, response) => {
      const file = served.find((f) => `/${f.path}` === request.url);
      response.writeHead(file ? 200 : 404).end(file?.content);
    },
  );
  await new Promise<void>((resolve) => server.listen(443, OUTSIDE.downloads, resolve));

  const options = {
    IdentityFile: join(folder, "administrator"),
    BindAddress: OUTSIDE.admin,
    // Every host is new to its administrator, and the network holds nobody else.
    StrictHostKeyChecking: "no",
    UserKnownHostsFile: "/dev/null",
    LogLevel: "ERROR",
    BatchMode: "yes",
    ControlPath: join(folder, "ssh"),
    ConnectTimeout: "60",
    ServerAliveInterval: "15",
    ServerAliveCountMax: "8",
  };
  const ssh = Object.entries(options).flatMap(([k, v]) => ["-o", `${k}=${v}`]);
  const forget = () => rmSync(join(folder, "ssh"), { force: true });
  return {
    ssh,
    forget,
    close: () => {
      server.close();
      server.closeAllConnections();
      // The next file of this run makes its own.
      ip("link", "delete", CARD.name);
    },
  };
}

/** Which ports of a host answer to somebody with this address. */
export async function answers(from: string, to: string, tcp: number[], udp: number[]): Promise<string> {
  const asked = [
    ...tcp.map((port) => [`tcp/${port}`, () => asksTcp(from, to, port)] as const),
    ...udp.map((port) => [`udp/${port}`, () => asksUdp(from, to, port)] as const),
  ];
  const found = await Promise.all(asked.map(async ([name, ask]) => ((await ask()) ? [name] : [])));
  return found.flat().join(" ");
}

/** An emulated host takes a while to answer, also to refuse. */
const ANSWER_MS = 15_000;

const asksTcp = (from: string, to: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: to, port, localAddress: from });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(ANSWER_MS, () => end(false));
    socket.once("connect", () => end(true)).once("error", () => end(false));
  });

const asksUdp = (from: string, to: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createSocket(to.includes(":") ? "udp6" : "udp4");
    const end = (answered: boolean) => {
      clearTimeout(limit);
      clearInterval(again);
      socket.close();
      resolve(answered);
    };
    const limit = setTimeout(() => end(false), ANSWER_MS);
    const send = () => socket.send("x", port, to, () => undefined);
    const again = setInterval(send, 2000);
    socket.once("message", () => end(true)).once("error", () => end(false));
    socket.bind({ address: from }, send);
  });

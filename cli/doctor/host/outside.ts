// How the host looks from where the doctor runs: names, ports, certificates. Node's own network, no packet that is not a normal one.
import * as dns from "node:dns/promises";
import * as https from "node:https";
import * as net from "node:net";
import { networkInterfaces } from "node:os";
import type { TLSSocket } from "node:tls";

export interface Page {
  /** HTTP status of /~_~/healthz. */
  status: number | null;
  /** Null when it is trusted for this name. */
  distrust: string | null;
  /** Seconds since 1970; null when there was no handshake. */
  certificateEnds: number | null;
}

export interface Network {
  /** Addresses of a name; null when no name server answered, empty when the name is not there. */
  resolve(name: string): Promise<string[] | null>;
  /** `closed` and `silent` are both shut; a failure of this end's network is `unknown`. */
  connect(address: string, port: number): Promise<"open" | "closed" | "silent" | "unknown">;
  page(address: string, name: string, port?: number): Promise<Page | null>;
  /** Addresses of the machine the doctor runs on. */
  own: string[];
}

export interface Outside {
  address: string | null;
  /** Why nothing was looked at; null when it was. */
  notChecked: string | null;
  ports: Record<number, "open" | "closed" | "silent" | "unknown">;
  names: Record<string, { addresses: string[] | null; page: Page | null }>;
}

/** Never to be reached by the world, whatever listens: GroundSeg's pages, ships' own pages, lens, netdata. */
export const SHUT = [3000, 8000, 8080, 8081, 12321, 19999];
export const WEB = [80, 443];

export interface Sight {
  hostname: string;
  /** By way of another host. */
  proxied: boolean;
  names: readonly string[];
  /** Beyond the usual: ships' own. */
  httpPorts: readonly number[];
}

export async function lookFromOutside(sight: Sight, network: Network): Promise<Outside> {
  const nothing = (notChecked: string, address: string | null = null): Outside => ({
    address,
    notChecked,
    ports: {},
    names: {},
  });
  if (sight.proxied) return nothing("your ssh goes through another host (ProxyJump or ProxyCommand)");
  const [address] = net.isIP(sight.hostname) ? [sight.hostname] : ((await network.resolve(sight.hostname)) ?? []);
  if (address === undefined) return nothing(`the name ${sight.hostname} has no address here`);
  if (isLoopback(address) || network.own.includes(address))
    return nothing("the doctor runs on the host itself, where the firewall lets everything pass", address);
  const asked = [...new Set([22, ...WEB, ...SHUT, ...sight.httpPorts])];
  const [ports, names] = await Promise.all([
    Promise.all(asked.map(async (port) => [port, await network.connect(address, port)] as const)),
    Promise.all(
      sight.names.map(async (name) => {
        const [addresses, page] = await Promise.all([network.resolve(name), network.page(address, name)]);
        return [name, { addresses, page }] as const;
      }),
    ),
  ]);
  return { address, notChecked: null, ports: Object.fromEntries(ports), names: Object.fromEntries(names) };
}

const isLoopback = (address: string): boolean => /^127\.|^::1$/.test(address);

const CONNECT_MS = 5_000;
const PAGE_MS = 15_000;

export function realNetwork(): Network {
  return {
    own: Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((i) => i.address)),
    async resolve(name) {
      const found: string[] = [];
      let answered = false;
      for (const ask of [dns.resolve4, dns.resolve6])
        try {
          found.push(...(await ask(name)));
          answered = true;
        } catch (error) {
          answered ||= ["ENODATA", "ENOTFOUND"].includes((error as NodeJS.ErrnoException).code ?? "");
        }
      if (found.length > 0) return found;
      // What this machine alone knows, such as /etc/hosts.
      const known = await dns.lookup(name, { all: true }).catch(() => []);
      return known.length > 0 ? known.map((k) => k.address) : answered ? [] : null;
    },
    connect: (address, port) =>
      new Promise((resolve) => {
        const socket = net.connect({ host: address, port });
        const ended = (state: "open" | "closed" | "silent" | "unknown") => {
          socket.destroy();
          resolve(state);
        };
        socket.setTimeout(CONNECT_MS, () => ended("silent"));
        socket.once("connect", () => ended("open"));
        socket.once("error", (error: NodeJS.ErrnoException) =>
          ended(
            error.code === "ECONNREFUSED"
              ? "closed"
              : ["ETIMEDOUT", "EHOSTUNREACH"].includes(error.code ?? "")
                ? "silent"
                : "unknown",
          ),
        );
      }),
    page: (address, name, port = 443) =>
      new Promise((resolve) => {
        let page: Page = { status: null, distrust: null, certificateEnds: null };
        const request = https.get({
          host: address,
          port,
          servername: name,
          path: "/~_~/healthz",
          headers: { host: name },
          // A certificate that nobody trusts is to be described, not to end the look; nothing is sent that is secret.
          rejectUnauthorized: false,
          agent: false,
          maxHeaderSize: 16_384,
        });
        const ended = (result: Page | null) => {
          clearTimeout(limit);
          request.destroy();
          resolve(result);
        };
        const limit = setTimeout(() => ended(page.certificateEnds === null ? null : page), PAGE_MS);
        request.on("socket", (socket) =>
          socket.once("secureConnect", () => {
            const tls = socket as TLSSocket;
            const ends = Date.parse(tls.getPeerCertificate().valid_to);
            page = {
              status: null,
              distrust: tls.authorized ? null : String(tls.authorizationError ?? "not trusted"),
              certificateEnds: Number.isNaN(ends) ? null : ends / 1000,
            };
          }),
        );
        request.on("response", (response) => ended({ ...page, status: response.statusCode ?? null }));
        request.on("error", () => ended(page.certificateEnds === null ? null : page));
      }),
  };
}

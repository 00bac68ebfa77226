// TLS for the ships: Caddy in front, the ships on loopback.
import type { HostFile } from "./file";
import type { HostSettings } from "./settings";

/** Where a ship is served. */
export const shipHost = (shipId: string, domain: string): string => `${shipId}.${domain}`;

export function edgeFiles(settings: HostSettings): HostFile[] {
  if (!settings.domain) return [];
  const domain = settings.domain;
  const sites = settings.ships.map(
    (ship) => `
${shipHost(ship.id, domain)} {
  # The runtime's own pages (health, logs) are for the host only.
  @runtime path /~_~ /~_~/*
  respond @runtime 404
  # Eyre takes bodies of up to 512 MiB and works on a request for up to 10 minutes.
  request_body {
    max_size 512MiB
  }
  # flush_interval -1: Eyre's channels are endless event streams.
  reverse_proxy 127.0.0.1:${ship.httpPort} {
    flush_interval -1
    transport http {
      response_header_timeout 600s
    }
  }
}
`,
  );
  return [{ path: "/etc/caddy/Caddyfile", mode: "0644", content: `{\n  admin off\n}\n${sites.join("")}` }];
}

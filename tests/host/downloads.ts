// What the bootstrap fetches, served inside the machine: release archives with a stub of vere and of GroundSeg, over TLS.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { File } from "./machine/machine";

const VERE = "4.6";
const GROUNDSEG = "2.8.6";
const stub = readFileSync(join(__dirname, "machine/urbit.py"), "utf8");
const groundsegStub = readFileSync(join(__dirname, "machine/groundseg.py"), "utf8");

/** As urbit/vere packs a release: one program, named by version and platform. */
function release(platform: string): Buffer {
  const dir = mkdtempSync(join(tmpdir(), "roadstead-host-release-"));
  try {
    const name = `vere-v${VERE}-${platform}`;
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, name), stub);
    chmodSync(join(dir, name), 0o755);
    const same = ["--mtime=@0", "--owner=1001", "--group=1001", "--sort=name"];
    return execFileSync("tar", ["-c", "-I", "gzip -n", ...same, "-C", dir, name]);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const sum = (data: Buffer | string): string => createHash("sha256").update(data).digest("hex");
const archives = { x86_64: release("linux-x86_64"), aarch64: release("linux-aarch64") };

export const VERSIONS = {
  vere: { version: VERE, sha256: { x86_64: sum(archives.x86_64), arm64: sum(archives.aarch64) } },
  groundseg: { version: GROUNDSEG, sha256: { x86_64: sum(groundsegStub), arm64: sum(groundsegStub) } },
  hostImage: { digitalocean: "debian-12-x64", aws: "ami-0123456789abcdef0" },
};

export const served: File[] = [
  { path: `urbit/vere/releases/download/vere-v${VERE}/linux-x86_64.tgz`, content: archives.x86_64 },
  { path: `urbit/vere/releases/download/vere-v${VERE}/linux-aarch64.tgz`, content: archives.aarch64 },
  { path: `groundseg_amd64_v${GROUNDSEG}_latest`, content: groundsegStub },
  { path: `groundseg_arm64_v${GROUNDSEG}_latest`, content: groundsegStub },
];

/** Addresses outside the machine: the administrator's, the download server's, anybody's. The samples name the first ones. */
export const OUTSIDE = { admin: "203.0.113.7", downloads: "203.0.113.80", stranger: "203.0.113.200" } as const;
export const OUTSIDE_V6 = { admin: "2001:db8::7", stranger: "2001:db8:1::7" } as const;
export const INSIDE = { v4: "203.0.113.10", v6: "2001:db8:1::10" } as const;

/** An Internet of one network namespace, in which github.com and bin.infra.native.computer answer. */
export const internet: File[] = [
  ...served.map((f) => ({ ...f, path: `/opt/test/served/${f.path}` })),
  {
    path: "/etc/hosts",
    content: `127.0.0.1 localhost\n${OUTSIDE.downloads} github.com bin.infra.native.computer\n`,
  },
  // The network is there already: nobody answers DHCP.
  { path: "/etc/cloud/cloud.cfg.d/91_network.cfg", content: "network: { config: disabled }\n" },
  {
    path: "/opt/test/serve.py",
    content: `import functools, http.server, ssl
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="/opt/test/served")
server = http.server.ThreadingHTTPServer(("${OUTSIDE.downloads}", 443), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/usr/local/share/ca-certificates/test.crt", "/opt/test/server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
`,
  },
  {
    path: "/opt/test/network",
    mode: "0755",
    content: `#!/bin/sh
set -e
ip netns add internet
ip link add eth0 address 02:00:00:00:00:10 type veth peer name eth0 address 02:00:00:00:00:20 netns internet
ip addr add ${INSIDE.v4}/24 dev eth0
ip addr add ${INSIDE.v6}/32 dev eth0 nodad
ip link set lo up
ip link set eth0 up
for a in ${Object.values(OUTSIDE).join(" ")}; do ip -n internet addr add $a/24 dev eth0; done
for a in ${Object.values(OUTSIDE_V6).join(" ")}; do ip -n internet addr add $a/32 dev eth0 nodad; done
ip -n internet link set lo up
ip -n internet link set eth0 up
ip route add default via ${OUTSIDE.downloads}
`,
  },
  {
    path: "/etc/systemd/system/test-network.service",
    content: `[Unit]
DefaultDependencies=no
Before=network-pre.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/opt/test/network
[Install]
WantedBy=sysinit.target
`,
  },
  {
    path: "/etc/systemd/system/test-downloads.service",
    content: `[Unit]
Requires=test-network.service
After=test-network.service
[Service]
NetworkNamespacePath=/run/netns/internet
ExecStart=/usr/bin/python3 /opt/test/serve.py
`,
  },
  {
    path: "/etc/systemd/system/sysinit.target.d/test.conf",
    content: "[Unit]\nWants=test-network.service test-downloads.service\n",
  },
];

/** What cloud-init finds on a machine's first boot. */
export const seed = (userData: string, instance = "i-1"): File[] => [
  { path: "/var/lib/cloud/seed/nocloud/user-data", content: userData, mode: "0600" },
  { path: "/var/lib/cloud/seed/nocloud/meta-data", content: `instance-id: ${instance}\n` },
];

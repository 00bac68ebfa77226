// What a node does at first boot, as AL2023 reads it: MIME parts, EKS appends its own.

/** Memory maps one process may hold. vere maps its loom page by page; the kernel's 65,530 is too low for a large one. */
export const MAX_MAP_COUNT = 1_048_576;

const SYSCTL = [
  ["vm.max_map_count", MAX_MAP_COUNT],
  ["fs.inotify.max_user_instances", 8_192],
  ["fs.inotify.max_user_watches", 524_288],
] as const;

const BOUNDARY = "==roadstead==";

export interface NodeSettings {
  /** Null: what the instance type's network interfaces allow. */
  maxPods: number | null;
  /** Load what kube-proxy needs in IPVS mode. */
  ipvs: boolean;
}

/** MIME multipart text; a launch template takes it in base64. */
export function nodeUserData(settings: NodeSettings): string {
  return [
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    "",
    ...part('text/x-shellscript; charset="us-ascii"', firstBootScript(settings)),
    ...(settings.maxPods === null ? [] : part("application/node.eks.aws", nodeConfig(settings.maxPods))),
    `--${BOUNDARY}--`,
    "",
  ].join("\n");
}

function part(type: string, body: string): string[] {
  return [`--${BOUNDARY}`, `Content-Type: ${type}`, "", body, ""];
}

// kube-proxy falls back to iptables without them, and says so in its log only.
const IPVS_MODULES = ["ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "nf_conntrack"];

/** Files, not only settings: they hold after a reboot too. */
function firstBootScript({ ipvs }: NodeSettings): string {
  const modules = [
    "cat > /etc/modules-load.d/90-roadstead.conf <<'EOF'",
    ...IPVS_MODULES,
    "EOF",
    ...IPVS_MODULES.map((module) => `modprobe ${module}`),
  ];
  return [
    "#!/bin/sh",
    "set -eu",
    "cat > /etc/sysctl.d/90-roadstead.conf <<'EOF'",
    ...SYSCTL.map(([key, value]) => `${key} = ${value}`),
    "EOF",
    "sysctl -p /etc/sysctl.d/90-roadstead.conf",
    ...(ipvs ? modules : []),
  ].join("\n");
}

function nodeConfig(maxPods: number): string {
  return [
    "apiVersion: node.eks.aws/v1alpha1",
    "kind: NodeConfig",
    "spec:",
    "  kubelet:",
    "    config:",
    `      maxPods: ${maxPods}`,
  ].join("\n");
}

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
}

/** MIME multipart text; a launch template takes it in base64. */
export function nodeUserData(settings: NodeSettings): string {
  return [
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    "",
    ...part('text/x-shellscript; charset="us-ascii"', sysctlScript()),
    ...(settings.maxPods === null ? [] : part("application/node.eks.aws", nodeConfig(settings.maxPods))),
    `--${BOUNDARY}--`,
    "",
  ].join("\n");
}

function part(type: string, body: string): string[] {
  return [`--${BOUNDARY}`, `Content-Type: ${type}`, "", body, ""];
}

/** A file, not only a setting: it holds after a reboot too. */
function sysctlScript(): string {
  return [
    "#!/bin/sh",
    "set -eu",
    "cat > /etc/sysctl.d/90-roadstead.conf <<'EOF'",
    ...SYSCTL.map(([key, value]) => `${key} = ${value}`),
    "EOF",
    "sysctl -p /etc/sysctl.d/90-roadstead.conf",
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

// The files a host is given, as the host's component renders them. Pure.
import { renderHost } from "../components/host/render";
import { hostLoss } from "../planner/architecture/host-loss";
import type { Architecture } from "../planner/architecture/schema";
import type { HostFiles } from "./result";

export function hostFiles(architecture: Architecture): HostFiles[] {
  return architecture.hosts.map((host) => {
    const { userData, script } = renderHost(host, architecture, { allowMissing: true });
    // A machine that runs already reads no user-data: the script does the same steps.
    const loss = hostLoss(host, architecture);
    return { host: host.name, userData: host.kind === "bare-metal" ? null : userData, script, loss };
  });
}

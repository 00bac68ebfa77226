// The files a host is given, as the host's component renders them. Pure.
import { hostSettings, renderHost } from "../components/host/render";
import { deliveries } from "../components/host/render/delivery";
import { hostLoss } from "../planner/architecture/host-loss";
import type { HostFiles, StackToPreview } from "./result";

export function hostFiles({ architecture, hostKeys }: StackToPreview): HostFiles[] {
  return architecture.hosts.map((host) => {
    const { userData, script } = renderHost(host, architecture, { allowMissing: true });
    // A machine that runs already reads no user-data: the script does the same steps.
    const loss = hostLoss(host, architecture);
    const takes = deliveries(hostSettings(host, architecture)).map((d) => d.what);
    const recognised = hostKeys?.[host.name] !== undefined;
    return { host: host.name, userData: host.kind === "bare-metal" ? null : userData, script, takes, recognised, loss };
  });
}

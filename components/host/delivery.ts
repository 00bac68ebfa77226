// Delivers over SSH what a host is to get. Refuses to talk to a host that it would not recognise.
import * as pulumi from "@pulumi/pulumi";
import { Command } from "@pulumi/command/remote/command";
import type { PredicateProblem } from "../../planner/predicates";
import { registerPlanned, type Registered, type ResourceClass } from "./planned";
import { adminUser } from "./render/access";
import {
  deliveries,
  hostKeyProblem,
  howToGetHostKey,
  plannedDeliveries,
  SET_UP,
  type Delivery,
} from "./render/delivery";
import type { RenderedHost } from "./render/rendered";
import { HostKind, type HostSettings } from "./render/settings";

/** How `pulumi up` reaches a host that is there. */
export interface HostSsh {
  /**
   * The host's own public key, such as `ssh-ed25519 AAAA…`, without the address in front; ed25519 or ecdsa. Required: a host that is
   * not recognised is given nothing. Changing it runs set-up and deliveries again, which change nothing where they were; a boot key is
   * never delivered a second time, and a host without a record of that first boot fails `up`.
   */
  hostKey: pulumi.Input<string>;
  /** Who logs in, with sudo that asks for no password. Default: the user of `access`; at a provider nobody else may log in. Never root. */
  user?: string;
  /** TCP port of SSH as it is reached from here. Default 22. */
  port?: pulumi.Input<number>;
  /** Socket of the SSH agent. Default: SSH_AUTH_SOCK, and no private key comes near the state. sshd takes three keys: let the agent offer no more. */
  agentSocketPath?: pulumi.Input<string>;
  /** A private key instead of the agent, kept as a secret in the state. Default: none. */
  privateKey?: pulumi.Input<string>;
  /** Secrets to deliver, by the name a ship's `keySecret` has. What is not here is delivered by hand. Default: none. */
  secrets?: Record<string, pulumi.Input<string>>;
}

/** Everything that is wrong with the way to a host. */
export function sshProblems(settings: HostSettings, ssh: HostSsh | undefined): PredicateProblem[] {
  if (ssh === undefined) return [];
  const out: PredicateProblem[] = [];
  const hostKey = ssh.hostKey as unknown;
  const wrong = hostKey === undefined ? "nothing" : typeof hostKey === "string" ? hostKeyProblem(hostKey) : null;
  if (wrong !== null)
    out.push({
      code: "no-host-key",
      path: "ssh.hostKey",
      received: wrong,
      accepted: "the host's public ed25519 or ecdsa key: a host that is not recognised is given no key",
      fix: `once the host is there: ${howToGetHostKey("ADDRESS")}`,
    });
  const admin = adminUser(settings);
  const user = ssh.user ?? admin;
  const anyone = settings.kind === HostKind.BareMetal;
  if (user === "root" || user === "urbit" || (!anyone && user !== admin))
    out.push({
      code: "no-login",
      path: "ssh.user",
      received: user,
      accepted: anyone ? "a user with sudo and an SSH key, not root" : admin,
      fix: anyone
        ? "give another user: the set-up ends logins of root"
        : "leave it out: the set-up lets nobody else log in",
    });
  return out;
}

export interface DeliverySite {
  ssh: HostSsh;
  /** Where SSH reaches the host. */
  address: pulumi.Input<string>;
  /** The host's own resources, and the keys of those that make it reachable; none for a machine that is there already. */
  made?: Registered;
  after?: string[];
}

/** Registers what is delivered; its `set-up` is done when the host is what its files say. */
export function deliver(
  parent: pulumi.Resource,
  settings: HostSettings,
  rendered: RenderedHost,
  site: DeliverySite,
): pulumi.CustomResource {
  const { ssh, address, after = [] } = site;
  const secrets = ssh.secrets ?? {};
  const planned = plannedDeliveries(settings, rendered.script, { secrets: new Set(Object.keys(secrets)), after });
  const connection = pulumi.secret({
    host: address,
    user: ssh.user ?? adminUser(settings),
    hostKey: pulumi.output(ssh.hostKey).apply(recognisable),
    ...(ssh.port === undefined ? {} : { port: ssh.port }),
    ...(ssh.agentSocketPath === undefined ? {} : { agentSocketPath: ssh.agentSocketPath }),
    ...(ssh.privateKey === undefined ? {} : { privateKey: ssh.privateKey }),
  });
  const given = Object.fromEntries(
    deliveries(settings).map((d) => [d.secret, secrets[d.secret] && mayLeave(d, secrets[d.secret]!)]),
  );
  return registerPlanned(CLASSES, parent, planned, { ...given, connection }, site.made).find(SET_UP);
}

const CLASSES = { "command:remote:Command": Command as unknown as ResourceClass };

/** Known too late for the constructor where it is another resource's output. */
function recognisable(hostKey: string): string {
  const wrong = hostKeyProblem(hostKey);
  if (wrong !== null) throw new pulumi.RunError(`ssh.hostKey: ${wrong}`);
  return hostKey;
}

/** A key of another ship stays here: on the host it would be noticed when a first boot is on record. */
const mayLeave = (delivery: Delivery, text: pulumi.Input<string>): pulumi.Output<string> =>
  pulumi.secret(text).apply((known) => unrefused(delivery, known));

function unrefused(delivery: Delivery, text: string): string {
  const refusal = delivery.refusal?.(text) ?? null;
  if (refusal !== null) throw new pulumi.RunError(refusal);
  return text;
}

/** Names of the secrets that are delivered; none where nothing is. */
export const delivered = (ssh: HostSsh | undefined): ReadonlySet<string> | undefined =>
  ssh && new Set(Object.keys(ssh.secrets ?? {}));

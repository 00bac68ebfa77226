// The same bootstrap for a machine that exists already: an idempotent script, no cloud resources.
import * as pulumi from "@pulumi/pulumi";
import { refuseIfAny } from "../refusal";
import { deliver, delivered, sshProblems, type HostSsh } from "../host/delivery";
import { nextSteps } from "../host/next-steps";
import {
  HostKind,
  hostProblems,
  HostProvider,
  missingVersions,
  OPEN_IN_PREVIEW,
  renderSettings,
  type HostAccess,
  type HostBackup,
  type HostArch,
  type HostSettings,
  type HostShip,
  type PinnedBinary,
  type TangServer,
  type VolumeKey,
} from "../host/render";
import { backupState, logins } from "../host/render/outcome";

export type { HostSsh } from "../host/delivery";

/** Arguments of a BareMetalHost. */
export interface BareMetalHostArgs {
  /** x86_64 or arm64. */
  arch: HostArch;
  /** Memory in GiB; at least 2. */
  memoryGiB: number;
  /** Swap file in GiB. Default 2. */
  swapGiB?: number;
  /** The ships on this host; several are maintained one at a time. */
  ships: HostShip[];
  /** Who administers the host. Other SSH users with keys keep their access. */
  access: HostAccess;
  /** Ships are served at <id>.<domain>; the DNS record is yours to set. Without it only through an SSH tunnel. */
  domain?: string;
  /** The vere release and the checksum of its archive for the host's architecture. */
  vere?: PinnedBinary;
  /** Blank block device for piers, encrypted with LUKS; without it piers live on the root disk. Never formatted when it holds anything. */
  dataDevice?: string;
  /** Who keeps the key of that device: basic, tang or operator. Default basic. Settled when it is prepared: the script stops at another. */
  volumeKey?: VolumeKey;
  /** The tang servers, with volumeKey tang: all must answer when the host boots. */
  tang?: TangServer[];
  /** Encrypted copies of the piers in a bucket of yours. Default none. */
  backups?: HostBackup;
  /** How the next steps, and `ssh`, reach the host. Default: the component's name. */
  address?: pulumi.Input<string>;
  /** How `pulumi up` runs the script and delivers secrets. Default: not at all; both are done by hand. */
  ssh?: HostSsh;
  /** Preview only: mark missing versions instead of throwing. Default false. */
  allowMissing?: boolean;
}

/**
 * The bootstrap of a VpsPlanet as a script for a machine you own: Debian 12 or Ubuntu 22.04 or later.
 *
 *     const attic = new BareMetalHost("attic", {
 *       arch: "x86_64", memoryGiB: 16,
 *       ships: [{ id: "sampel-palnet", name: "~sampel-palnet", amesPort: 34543, httpPort: 8081 }],
 *       access: { sshPublicKeys: ["ssh-ed25519 AAAA…"], adminCidrs: ["192.168.1.0/24"] },
 *       vere: { version: "4.6", sha256: "…" },
 *     });
 *     export const script = attic.script;   // pulumi stack output script > attic.sh
 *
 * Makes no resources but, with `ssh`, Commands of @pulumi/command that run the script and deliver boot keys, and costs nothing
 * beside your machine. Its claim is only as wide as the locks you keep together:
 * no provider refuses a second host that declares the same ship. Destroying it touches nothing on the machine.
 */
export class BareMetalHost extends pulumi.ComponentResource {
  /** The idempotent script to run as root on the host. Holds no secret. */
  readonly script: pulumi.Output<string>;
  /** Where the host is reached. */
  readonly address: pulumi.Output<string>;
  /** With `ssh`, true once the script has been run; else true at once: nobody looks. */
  readonly ready: pulumi.Output<boolean>;
  /** How to log in to each ship, by ship id: where, and where its code comes from; never the code. */
  readonly logins: pulumi.Output<Record<string, string>>;
  /** What of the host is backed up by whom, and what is not. */
  readonly backup: pulumi.Output<string[]>;
  /** What to do next, in order. */
  readonly nextSteps: pulumi.Output<string[]>;
  /** How wide the claim is: only the locks that list the ship. */
  readonly claim: pulumi.Output<string>;

  constructor(name: string, args: BareMetalHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("roadstead:index:BareMetalHost", name, {}, opts);
    const settings: HostSettings = {
      name,
      kind: HostKind.BareMetal,
      provider: HostProvider.Own,
      arch: args.arch,
      memoryGiB: args.memoryGiB,
      swapGiB: args.swapGiB ?? 2,
      ships: args.ships,
      access: args.access,
      domain: args.domain,
      dataDevice: args.dataDevice,
      volumeKey: args.volumeKey,
      tang: args.tang,
      backup: args.backups,
      vere: args.vere,
    };
    const { ssh } = args;
    refuseIfAny("BareMetalHost", name, [
      ...problems(settings, args.allowMissing ?? false),
      ...sshProblems(settings, ssh),
    ]);
    const rendered = renderSettings(settings, { allowMissing: args.allowMissing });

    this.script = pulumi.output(rendered.script);
    this.address = pulumi.output(args.address ?? name);
    this.ready = ssh
      ? deliver(this, settings, rendered, { ssh, address: this.address }).id.apply(() => true)
      : pulumi.output(true);
    this.logins = this.address.apply((address) => logins(settings, address));
    this.backup = pulumi.output(backupState(settings, {}));
    this.nextSteps = this.address.apply((address) =>
      nextSteps(settings, address, { recorded: false, delivered: delivered(ssh) }),
    );
    this.claim = pulumi.output("the lock only: nothing outside it refuses a second host that declares the same ship");
    this.registerOutputs({
      script: this.script,
      address: this.address,
      ready: this.ready,
      logins: this.logins,
      backup: this.backup,
      nextSteps: this.nextSteps,
      claim: this.claim,
    });
  }
}

function problems(settings: HostSettings, allowMissing: boolean) {
  const missing = missingVersions(settings).map((path) => ({
    path,
    received: "nothing",
    accepted: "a version and its SHA-256",
    fix: "give both; there is no default",
  }));
  const found = hostProblems(settings);
  return allowMissing ? found.filter((p) => !OPEN_IN_PREVIEW.has(p.code)) : [...found, ...missing];
}

// What reaches a host over SSH: its set-up, again whenever a file of it changes, and secrets, each on the standard input of
// one command. Where the host's key is not recorded the same is done by hand, with the same commands.
import { foreignKeyProblem } from "../../../planner/boot-key";
import { isWholeKey } from "../../../planner/host-fields";
import { bootKeyCommand, bootKeyLook, SET_UP_COMMAND } from "./deliver-commands";
import { BACKUP_SCRIPT } from "./backup";
import { LIB } from "./file";
import { GROUNDSEG } from "./groundseg";
import { LEAST_PASSWORD } from "./groundseg-command";
import { secret, type OutputRef, type PlannedResource } from "./resources";
import { HostKind, type HostSettings, type HostShip } from "./settings";

/** A config secret that a host takes once, after its set-up. */
export interface Delivery {
  /** Names the resource; never changes. Unique on a host. */
  id: string;
  /** What it is, as a person calls it, such as `the boot key of ~sampel-palnet`. */
  what: string;
  /** The ship whose boot key it is. */
  ship?: string;
  /** Name of the config secret. */
  secret: string;
  /**
   * Run on the host with the secret on standard input, by `pulumi up` or by hand. Prints no secret. Ends with 0 when the host
   * has what it needs, also when it had it before; with anything else and the reason on standard error when it has not.
   */
  command: string;
  /** What `pulumi up` runs instead, where nobody reads what the command says. Default: the command. */
  unattended?: string;
  /**
   * What `pulumi up` runs where it has run the other to its end before: the host's address or key changed, or the secret did.
   * Default: the same again.
   */
  again?: string;
  /** Why this text may not leave for the host; null when nothing is wrong with it. Never repeats the text. */
  refusal?: (text: string) => string | null;
}

/** Every secret this host takes, in a fixed order. */
export function deliveries(settings: HostSettings): Delivery[] {
  return settings.kind === HostKind.GroundSeg
    ? page(settings)
    : [...bucket(settings), ...settings.ships.flatMap(bootKey)];
}

function bucket({ backup }: HostSettings): Delivery[] {
  if (!backup?.credentials) return [];
  return [
    {
      id: "backup-credentials",
      what: `the credentials of the backup bucket ${backup.bucket}`,
      secret: backup.credentials.secret,
      command: `sudo ${BACKUP_SCRIPT} credentials`,
      refusal: (text) =>
        /^\s*[\w/+=.-]+\s+[\w/+=.-]+\s*$/.test(text)
          ? null
          : `config secret ${backup.credentials!.secret}: received something else; accepted: two words, the id and the secret of a key that may write to ${backup.bucket}; set it again`,
    },
  ];
}

function page({ groundsegPassword }: HostSettings): Delivery[] {
  if (!groundsegPassword) return [];
  const command = `sudo ${GROUNDSEG} password`;
  return [
    {
      id: "groundseg-password",
      what: "the password of GroundSeg's page",
      secret: groundsegPassword.secret,
      command,
      // 77 says that it has one already, which only its page changes.
      unattended: `${command} || [ $? = 77 ]`,
      refusal: (text) =>
        text.trim().length >= LEAST_PASSWORD
          ? null
          : `config secret ${groundsegPassword.secret}: received fewer characters; accepted: a line of ${LEAST_PASSWORD} to 1024; set it again`,
    },
  ];
}

function bootKey(ship: HostShip): Delivery[] {
  // A sealed ship's key is used up, and an imported or a fake one never had any.
  if (ship.keySecret === undefined || ship.sealed || ship.imported || ship.fake) return [];
  return [
    {
      id: `key-${ship.id}`,
      what: `the boot key of ${ship.name ?? ship.id}`,
      ship: ship.id,
      secret: ship.keySecret,
      command: `sudo ${LIB}/ship key ${ship.id}`,
      unattended: bootKeyCommand(ship.id),
      again: bootKeyLook(ship.id),
      refusal: (text) => {
        const problem = foreignKeyProblem(
          { id: ship.id, name: ship.name ?? null },
          text,
          `config secret ${ship.keySecret}`,
        );
        return (
          problem && `${problem.path}: received ${problem.received}; accepted: ${problem.accepted}; ${problem.fix}`
        );
      },
    },
  ];
}

/** The same by hand. */
export const byHand = (delivery: Delivery, login: string): string =>
  `pulumi config get ${delivery.secret} | ssh ${login} '${delivery.command}'`;

const COMMAND = "command:remote:Command";
export const SET_UP = "set-up";

/** What makes the host reachable: keys of its resources, and its address among them; nothing for a host that is there already. */
export type Reachable = { address?: OutputRef; after?: string[] };

/** What the provider is told, or fills in, of a connection. */
const CONNECTION = ["dialErrorLimit", "host", "hostKey", "perDialTimeout", "port", "user"];

/** `secrets`: names of those at hand. */
export function plannedDeliveries(
  settings: HostSettings,
  script: string,
  { secrets, address, after = [] }: { secrets: ReadonlySet<string> } & Reachable,
): PlannedResource[] {
  const { name } = settings;
  // sshd takes no environment from us, and no output of an earlier run is of any use to a later one.
  const connection = { ...secret("connection"), ...(address ? { of: address } : { keys: CONNECTION }) };
  const every = { connection, addPreviousOutputInEnv: false };
  return [
    {
      key: SET_UP,
      type: COMMAND,
      name: `${name}-${SET_UP}`,
      // A change of the script is an update: it runs once more. Deleting runs nothing on the host.
      inputs: { ...every, create: SET_UP_COMMAND, stdin: script },
      options: {},
      dependsOn: after,
    },
    ...deliveries(settings)
      .filter((d) => secrets.has(d.secret))
      .map((d): PlannedResource => ({
        key: `deliver-${d.id}`,
        type: COMMAND,
        name: `${name}-deliver-${d.id}`,
        inputs: {
          ...every,
          create: d.unattended ?? d.command,
          // Without one the provider runs `create` for every change of these inputs.
          ...(d.again === undefined ? {} : { update: d.again }),
          stdin: secret(d.secret),
        },
        // They say what became of the secret and never hold it; should a host ever print it, the state has it encrypted.
        options: { additionalSecretOutputs: ["stdout", "stderr"] },
        dependsOn: [SET_UP],
      })),
  ];
}

/** The provider asks the host for a key of exactly this type; by `ssh-rsa` that is one signed with SHA-1, which sshd has not. */
const HOST_KEY = /^(ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?$/;

/** What is wrong with a recorded host key; null when it is one. */
export function hostKeyProblem(key: string): string | null {
  const [, type, base64] = HOST_KEY.exec(key.trim()) ?? [];
  if (type === undefined) return "not one public host key without the address in front: ssh-ed25519 AAAA…";
  return isWholeKey(type, base64!) ? null : "cut off, or not the key it says it is";
}

/** How a host's key is got, and compared before it is believed. */
export const howToGetHostKey = (address: string): string =>
  `ssh-keyscan -t ed25519 ${address} | cut -d ' ' -f 2-, whose fingerprint (ssh-keygen -lf -) must be the one that the provider's console ` +
  `shows of this host (AWS: aws ec2 get-console-output --latest; else: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub on its screen)`;

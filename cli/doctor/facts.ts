// What the doctor is told about a machine, an account and a stack file. No value of a secret is ever part of it.
import type { MissingFact, RunState } from "../../planner/architecture";
import type { HostKeys } from "../../stacks/host-keys";
import type { StackConfig } from "../project";

export interface Facts {
  stack: string;
  /** Stack file as the user would type it. */
  file: string;
  project: string;
  /** A Pulumi.yaml is in the working directory or above it. */
  projectFound: boolean;
  /** The policy pack, as the user would type it. */
  policyPack: string;
  /** What the locks of the environment contradict each other in, or lack. */
  environmentProblems: string[];
  /** The stack's cells beyond its own, in order: stacks of their own, applied after it. */
  cellStacks: string[];
  nodeMajor: number;
  /** What Pulumi.yaml says `pulumi up` runs, and whether it is there. */
  program: { main: string; built: boolean } | null;
  pulumi: { version: string } | null;
  /** pulumi-language-nodejs beside the CLI or on the PATH. */
  languageHost: boolean;
  /** Resource plugins installed, `name@version`; null when the CLI could not say. */
  plugins: string[] | null;
  /** Plugins the stack loads, with the version of the installed SDK. */
  pluginsNeeded: { name: string; version: string }[];
  backend: { url: string; from: string } | null;
  /** Null when it cannot be told without the network. */
  stackExists: boolean | null;
  /** A passphrase is given in the environment. */
  passphrase: boolean;
  /** Credentials found, by provider: where, never what. */
  credentials: { aws: string | null; digitalocean: string | null; spaces: string | null };
  config: StackConfig;
  /** SSH keys that hosts are recognised by, and what is wrong with them. */
  hostKeys: HostKeys;
  /** What is recorded of its ships' first boots. */
  runState: RunState;
  /** What `up` refuses without, each with where it is set and how it is found. */
  missing: MissingFact[];
  /** Faults of the recorded lock itself. */
  lockProblems: string[];
}

// A host's resources as plain data: the components register exactly these, and a preview can show them without Pulumi.

/** Another resource's output, resolved when it is registered. */
export interface OutputRef {
  ref: string;
  output: string;
  /** DigitalOcean gives ids as text and takes droplets by number. */
  number?: true;
}

/** A value the caller hands in, such as the ids of shared SSH keys. */
export interface GivenRef {
  given: string;
}

/** A secret the caller hands in; a preview shows that there is one. */
export interface SecretRef {
  secret: string;
  /** Made of this output, so not known before it is. */
  of?: OutputRef;
  /** What is in it, where that is no secret. */
  keys?: string[];
}

export type Planned =
  string | number | boolean | undefined | OutputRef | GivenRef | SecretRef | Planned[] | { [key: string]: Planned };

export interface PlannedResource {
  /** What other resources of the same host call it. */
  key: string;
  /** Pulumi type token. */
  type: string;
  /** Logical name: identity, never an index. */
  name: string;
  inputs: Record<string, Planned>;
  options: {
    protect?: boolean;
    retainOnDelete?: boolean;
    deleteBeforeReplace?: boolean;
    ignoreChanges?: string[];
    replaceOnChanges?: string[];
    additionalSecretOutputs?: string[];
  };
  /** Keys of resources it waits for beside those its inputs name. */
  dependsOn: string[];
}

export interface PlannedHost {
  resources: PlannedResource[];
  /** Public address of the host. */
  address: OutputRef;
  /** Create-only object of each ship, by ship id. */
  claims: Record<string, OutputRef>;
  /** What has to exist before the host can be used. */
  readyWhen: string[];
}

export const isOutputRef = (value: Planned): value is OutputRef =>
  typeof value === "object" && !Array.isArray(value) && "ref" in value;
export const isGivenRef = (value: Planned): value is GivenRef =>
  typeof value === "object" && !Array.isArray(value) && "given" in value;
export const isSecretRef = (value: Planned): value is SecretRef =>
  typeof value === "object" && !Array.isArray(value) && "secret" in value;

export const secret = (name: string): SecretRef => ({ secret: name });

export const output = (ref: string, name = "id"): OutputRef => ({ ref, output: name });

/** Where a volume, a claim or an address is lost by mistake, the owner's wallet is the only repair. */
export const KEEP = { protect: true, retainOnDelete: true } as const;

export const WORLD = ["0.0.0.0/0", "::/0"];

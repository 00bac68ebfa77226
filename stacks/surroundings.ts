// What a composed stack needs beside its architecture: secrets, digests, and for a cell stack its platform.
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../planner/architecture/schema";

export interface Surroundings {
  /** As recorded in the stack file; shown on the root component. */
  requirementsDigest: string;
  architectureDigest: string;
  /** A config secret by name. Always a secret Output. */
  secret(name: string): pulumi.Output<string>;
  /** SSH keys that hosts of this stack are recognised by, by host name; a host without one is given nothing over SSH. Default: none. */
  hostKeys?: Readonly<Record<string, string>>;
  /** Preview only: mark missing versions instead of refusing. */
  allowMissing: boolean;
}

/** What a cell's load balancer for Ames is made of; the platform's stack exports it as `ames`. */
export interface AmesParts {
  vpcId: pulumi.Output<string>;
  subnetIds: pulumi.Output<string[]>;
  sharedSecurityGroupId: pulumi.Output<string>;
  clusterName: pulumi.Output<string>;
}

/** Outputs every stack exports. */
export type StackOutputs = Record<string, unknown>;

/**
 * The platform stack as a cell stack reads it. Named by organization and project of this run, since a cell belongs to
 * the platform beside it and to no other.
 */
export function platformOutputs(architecture: Architecture): pulumi.StackReference {
  return new pulumi.StackReference("platform", {
    name: `${pulumi.getOrganization()}/${pulumi.getProject()}/${architecture.platformStack}`,
  });
}

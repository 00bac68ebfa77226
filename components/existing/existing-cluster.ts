// Any conformant Kubernetes as the place for cells: Roadstead makes no cluster, only a way into this one.
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";

export interface ExistingClusterArgs {
  /** The cluster's kubeconfig, a secret. A new one for the same cluster is an update in place. */
  kubeconfig: pulumi.Input<string>;
  /** The kubeconfig's context. Default: its current one. In place: it must be the same cluster. */
  context?: string;
  /** Name of the storage class for piers. It must exist and keep volumes (reclaimPolicy Retain). New volumes only. */
  storageClass: string;
  /** What the cluster is called here. Changing it says that this is another cluster: everything in it is replaced. Default: the component's name. */
  clusterIdentifier?: string;
}

/**
 * A cluster that exists: GKE, AKS, EKS, DOKS, k3s or another conformant one.
 *
 *     const cluster = new ExistingCluster("prod", {
 *       kubeconfig: config.requireSecret("kubeconfig"), storageClass: "piers",
 *     });
 *
 * Makes: a Kubernetes provider. Reads: the storage class. Roadstead labels no nodes here: ships go where they fit.
 *
 * Monthly: nothing. Destroyed after every tenant; the cluster itself is never touched.
 */
export class ExistingCluster extends pulumi.ComponentResource {
  /** For everything inside the cluster. */
  public readonly provider: Provider;
  /** The storage class's name, known once the class was read and is known to keep volumes. */
  public readonly storageClass: pulumi.Output<string>;
  /** True once the cluster answered and its storage class keeps volumes. */
  public readonly ready: pulumi.Output<boolean>;

  constructor(name: string, args: ExistingClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseIfAny("ExistingCluster", name, existingProblems(args));
    super("roadstead:index:ExistingCluster", name, {}, opts);

    this.provider = new Provider(
      `${name}-kubernetes`,
      {
        kubeconfig: pulumi.secret(args.kubeconfig),
        context: args.context,
        // Only another cluster replaces the provider: a new token must not replace every object behind it.
        clusterIdentifier: args.clusterIdentifier ?? name,
        enableServerSideApply: true,
        // An object that exists already is someone else's, above all a ship's registry entry: creation must fail.
        upsertExistingObjects: false,
      },
      { parent: this },
    );
    const found = StorageClass.get(`${name}-${args.storageClass}`, args.storageClass, {
      parent: this,
      provider: this.provider,
    });

    this.storageClass = found.reclaimPolicy.apply((policy) => {
      refuseIfAny("ExistingCluster", name, reclaimProblems(args.storageClass, policy));
      return args.storageClass;
    });
    this.ready = this.storageClass.apply(() => true);
    this.registerOutputs({ storageClass: this.storageClass, ready: this.ready });
  }
}

/** A class that deletes volumes would delete a pier with its claim. A policy that was not read (offline) is not judged. */
export function reclaimProblems(storageClass: string, policy: string | undefined): ArgumentProblem[] {
  if (policy === undefined || policy === "Retain") return [];
  return [
    {
      path: "storageClass",
      received: `${given(storageClass)}, whose reclaimPolicy is ${policy}`,
      accepted: "a storage class with reclaimPolicy Retain",
      fix: "make a class like it with reclaimPolicy Retain, and name that one",
    },
  ];
}

function existingProblems(args: ExistingClusterArgs): ArgumentProblem[] {
  const problems: ArgumentProblem[] = [];
  if (typeof args.kubeconfig === "string" && args.kubeconfig.trim() === "") {
    problems.push({
      path: "kubeconfig",
      received: "an empty text",
      accepted: "a kubeconfig",
      fix: "set the config secret that existing.kubeconfigSecret names",
    });
  }
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(args.storageClass)) {
    problems.push({
      path: "storageClass",
      received: given(args.storageClass),
      accepted: "the name of a storage class of the cluster",
      fix: "set existing.storageClass to one with reclaimPolicy Retain",
    });
  }
  return problems;
}

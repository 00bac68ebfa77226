// Any conformant Kubernetes as the place for cells: Roadstead makes no cluster, only a way into this one.
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { StorageClass } from "@pulumi/kubernetes/storage/v1/storageClass";
import { clusterProblems, type ClusterUse, storageClassProblems } from "../../planner/existing-cluster";
import type { ClusterFacts, StorageClassFacts } from "../../planner/requirements/cluster-facts";
import { type ArgumentProblem, given, refuseIfAny } from "../refusal";

export interface ExistingClusterArgs {
  /** The cluster's kubeconfig, a secret. A new one for the same cluster is an update in place. */
  kubeconfig: pulumi.Input<string>;
  /** The kubeconfig's context. Default: its current one. In place: it must be the same cluster. */
  context?: string;
  /** Name of the storage class for piers. It must exist, keep volumes (reclaimPolicy Retain) and make them for a pod that has its place (WaitForFirstConsumer). New volumes only. */
  storageClass: string;
  /** What the cluster is called here. Changing it says that this is another cluster: everything in it is replaced. Default: the component's name. */
  clusterIdentifier?: string;
  /** What is known of the cluster, as `roadstead doctor --cluster` prints it: checked before anything is made. Default unknown, which more than one customer is refused with. Checked only. */
  facts?: ClusterFacts;
  /** Customers whose ships will live here. Default 1. Checked only. */
  customers?: number;
  /** Runtime class of customers nobody trusts. Default none. Checked only. */
  runtimeClass?: string;
  /** Architectures the ships' image is built for. Default x86_64, as the official image. Checked only. */
  architectures?: ClusterUse["architectures"];
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
  /** The storage class's name, known once the class was read and found fit for piers. */
  public readonly storageClass: pulumi.Output<string>;
  /** True once the cluster answered and its storage class is fit for piers. */
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

    this.storageClass = pulumi
      .all([found.provisioner, found.reclaimPolicy, found.volumeBindingMode])
      .apply(([provisioner, reclaimPolicy, bindingMode]) => {
        const read = { name: args.storageClass, provisioner, reclaimPolicy, bindingMode };
        refuseIfAny("ExistingCluster", name, foundProblems(read, args.facts));
        return args.storageClass;
      });
    this.ready = this.storageClass.apply(() => true);
    this.registerOutputs({ storageClass: this.storageClass, ready: this.ready });
  }
}

/** A storage class as the cluster answered; what was not read (offline) is undefined. */
export interface ReadClass {
  name: string;
  provisioner?: string;
  reclaimPolicy?: string;
  bindingMode?: string;
}

/** What the class turned out to be: fit for piers, and the one that was planned with. */
export function foundProblems(read: ReadClass, facts?: ClusterFacts): ArgumentProblem[] {
  const known = facts?.storageClasses.find((c) => c.name === read.name);
  const other =
    known === undefined || read.provisioner === undefined || read.provisioner === known.provisioner
      ? []
      : [
          {
            path: "storageClass.provisioner",
            received: `${given(read.name)} of ${read.provisioner}`,
            accepted: `${known.provisioner}, as it was planned with`,
            fix: "read the cluster again with roadstead doctor --cluster, and plan again",
          },
        ];
  return [...storageClassProblems(read as Partial<StorageClassFacts> & ReadClass, "storageClass"), ...other];
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
  const { facts, storageClass, customers = 1, runtimeClass = null, architectures = ["x86_64"] } = args;
  return [...problems, ...factProblems(facts, { storageClass, customers, runtimeClass, architectures })];
}

/** What is known of the cluster, held against who is to live there. */
export function factProblems(facts: ClusterFacts | undefined, use: ClusterUse): ArgumentProblem[] {
  if (facts !== undefined) return clusterProblems(facts, use, "facts");
  const { customers } = use;
  if (customers <= 1) return [];
  return [
    {
      path: "facts",
      received: `nothing, with ${customers} customers`,
      accepted: "what is known of the cluster: whether its network keeps one customer from another, above all",
      fix: "set existing.cluster to what roadstead doctor --cluster KUBECONFIG prints, and plan again",
    },
  ];
}

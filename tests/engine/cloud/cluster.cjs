// What the stand-in knows of a Kubernetes cluster: namespaces must exist before what is in them and take it along.
const BUILT_IN = ["default", "kube-system", "kube-public", "kube-node-lease"];
const NAMESPACE = "kubernetes:core/v1:Namespace";

const { takenName } = require("./types.cjs");

class Cluster {
  /** Two stacks with kubeconfigs of one server meet in one cluster. */
  constructor(cloud, kubeconfig) {
    this.cloud = cloud;
    this.name = /server["']?\s*:\s*["']?([^\s"',}]+)/.exec(String(kubeconfig ?? ""))?.[1] ?? "default";
  }

  admit(type, inputs) {
    const namespace = inputs.metadata?.namespace;
    if (type === NAMESPACE || !namespace || BUILT_IN.includes(namespace)) return;
    if (this.cloud.find(this.name, NAMESPACE, namespace) === null)
      throw new Error(`namespaces "${namespace}" not found`);
  }

  cascade(object) {
    if (object.type !== NAMESPACE) return;
    for (const inside of this.cloud.all())
      if (inside.scope === this.name && inside.inputs.metadata?.namespace === object.id)
        this.cloud.remove(inside, takenName(this.name, inside.type, inside.inputs), "cascade");
  }
}

module.exports = { Cluster };

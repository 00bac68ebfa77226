// Who acts in a tenant's namespace, as the admission policies tell them apart.

/** Whoever may `manage` the resource `platform` of this API group: cluster administrators, and those who were given it. */
export const MAY_MANAGE =
  "authorizer.group('roadstead.dev').resource('platform').namespace(request.namespace).check('manage').allowed()";

/**
 * The namespace controller empties a namespace that is being deleted; other controllers carry out what was judged before. They
 * are accounts of kube-system, or one user where a control plane runs them without accounts of their own; kubelets are nodes.
 */
export const notByTheCluster = {
  name: "not-by-the-cluster",
  expression:
    "!request.userInfo.username.startsWith('system:serviceaccount:kube-system:') && " +
    "!(request.userInfo.username in ['system:kube-controller-manager', 'system:kube-scheduler', 'system:apiserver']) && " +
    "!('system:nodes' in request.userInfo.groups)",
};

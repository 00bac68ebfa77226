// A kubeconfig that holds no credential: kubectl asks the AWS CLI for a token each time.

export interface ClusterAccess {
  name: string;
  region: string;
  endpoint: string;
  /** Base64. */
  certificateAuthority: string;
}

/** JSON, which is YAML too. */
export function kubeconfig(cluster: ClusterAccess): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": cluster.name,
    clusters: [
      {
        name: cluster.name,
        cluster: { server: cluster.endpoint, "certificate-authority-data": cluster.certificateAuthority },
      },
    ],
    contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: cluster.name } }],
    users: [
      {
        name: cluster.name,
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "aws",
            args: ["eks", "get-token", "--cluster-name", cluster.name, "--region", cluster.region, "--output", "json"],
            interactiveMode: "Never",
          },
        },
      },
    ],
  });
}

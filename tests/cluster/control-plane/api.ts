// The Kubernetes API over HTTPS, as whoever a test wants to be. Answers are values: a refusal is what most tests look for.
import * as https from "node:https";

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

/** What the server answered. */
export interface Answer<T = KubeObject> {
  code: number;
  ok: boolean;
  /** The object, or the server's Status. */
  body: T;
  /** A Status's reason, such as AlreadyExists; empty for an object. */
  reason: string;
  /** A Status's message; empty for an object. */
  message: string;
  /** Warnings the server sent with it, such as of a pod security standard. */
  warnings: string[];
}

/** Somebody else, as an administrator may act. */
export interface Identity {
  user: string;
  groups?: string[];
  extra?: Record<string, string>;
}

interface Connection {
  port: number;
  token: string;
  ca: string;
  identity?: Identity;
}

const REQUEST_MS = 30_000;
const agent = new https.Agent({ keepAlive: true, maxSockets: 16 });

export class Api {
  constructor(private readonly connection: Connection) {}

  /** As somebody else, by impersonation. */
  as(user: string, groups: string[] = [], extra?: Record<string, string>): Api {
    return new Api({ ...this.connection, identity: { user, groups, extra } });
  }

  /** With another token, as a pod has one. */
  withToken(token: string): Api {
    return new Api({ ...this.connection, token, identity: undefined });
  }

  get<T = KubeObject>(path: string): Promise<Answer<T>> {
    return this.send<T>("GET", path);
  }

  async list<T = KubeObject>(path: string): Promise<T[]> {
    const answer = await this.send<{ items: T[] }>("GET", path);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.message}`);
    return answer.body.items;
  }

  /** By POST, as the Pulumi provider does since 4.29: what exists already answers AlreadyExists. */
  create(object: KubeObject, query = ""): Promise<Answer> {
    return this.send("POST", `${collectionOf(object)}${query}`, object);
  }

  post<T = KubeObject>(path: string, body: unknown): Promise<Answer<T>> {
    return this.send<T>("POST", path, body);
  }

  replace(path: string, body: unknown): Promise<Answer> {
    return this.send("PUT", path, body);
  }

  /** Server-side apply, as the Pulumi provider updates. */
  apply(object: KubeObject, manager = "roadstead-test", query = ""): Promise<Answer> {
    const path = `${pathOf(object)}?fieldManager=${manager}${query}`;
    return this.send("PATCH", path, object, "application/apply-patch+yaml");
  }

  merge(path: string, patch: unknown): Promise<Answer> {
    return this.send("PATCH", path, patch, "application/merge-patch+json");
  }

  /** Lists by their names, as kubectl edits a pod's containers. */
  strategicMerge(path: string, patch: unknown): Promise<Answer> {
    return this.send("PATCH", path, patch, "application/strategic-merge-patch+json");
  }

  jsonPatch(path: string, patch: unknown): Promise<Answer> {
    return this.send("PATCH", path, patch, "application/json-patch+json");
  }

  remove(path: string, body?: unknown): Promise<Answer> {
    return this.send("DELETE", path, body);
  }

  /** What `kubectl auth can-i` asks. */
  async canI(verb: string, resource: string, namespace?: string, subresource?: string): Promise<boolean> {
    const [name, group = ""] = resource.split(/\.(.*)/);
    const answer = await this.post<{ status: { allowed: boolean } }>(
      "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { verb, resource: name, group, namespace, subresource } },
      },
    );
    if (!answer.ok)
      throw new Error(`it cannot be asked what ${this.connection.identity?.user} may do: ${answer.message}`);
    return answer.body.status.allowed;
  }

  private send<T>(method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer<T>> {
    const { port, token, ca } = this.connection;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers: Record<string, string | string[]> = {
      authorization: `Bearer ${token}`,
      accept: "application/json",
      ...(text === undefined ? {} : { "content-type": type, "content-length": String(Buffer.byteLength(text)) }),
      ...impersonation(this.connection.identity),
    };
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port, path, method, headers, ca, agent, timeout: REQUEST_MS };
      const request = https.request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          resolve(read<T>(response.statusCode!, Buffer.concat(chunks).toString("utf8"), response.headers.warning));
        });
      });
      request.on("timeout", () =>
        request.destroy(new Error(`${method} ${path}: no answer within ${REQUEST_MS / 1000} s`)),
      );
      request.on("error", reject);
      request.end(text);
    });
  }
}

function impersonation(identity: Identity | undefined): Record<string, string | string[]> {
  if (identity === undefined) return {};
  const extra = Object.entries(identity.extra ?? {}).map(([key, value]): [string, string] => [
    `Impersonate-Extra-${encodeURIComponent(key)}`,
    value,
  ]);
  return {
    "Impersonate-User": identity.user,
    ...(identity.groups?.length ? { "Impersonate-Group": identity.groups } : {}),
    ...Object.fromEntries(extra),
  };
}

function read<T>(code: number, text: string, warning: string | undefined): Answer<T> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = { kind: "Status", reason: "NotJson", message: text };
  }
  const status = body as { kind?: string; reason?: string; message?: string };
  const ok = code < 300;
  const warnings = [...(warning ?? "").matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map((m) => m[1]!);
  return {
    code,
    ok,
    body: body as T,
    reason: ok ? "" : (status.reason ?? ""),
    message: ok ? "" : (status.message ?? text),
    warnings,
  };
}

/** Plurals that are not the kind with an s. */
const PLURAL: Record<string, string> = {
  NetworkPolicy: "networkpolicies",
  CiliumNetworkPolicy: "ciliumnetworkpolicies",
  StorageClass: "storageclasses",
  GatewayClass: "gatewayclasses",
  EnvoyProxy: "envoyproxies",
  ValidatingAdmissionPolicy: "validatingadmissionpolicies",
  Endpoints: "endpoints",
};
const WITHOUT_NAMESPACE = new Set([
  "Namespace",
  "Node",
  "PersistentVolume",
  "StorageClass",
  "CSINode",
  "CSIDriver",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "GatewayClass",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
]);

export const pluralOf = (kind: string): string => PLURAL[kind] ?? `${kind.toLowerCase()}s`;

export function collectionOf({ apiVersion, kind, metadata }: KubeObject): string {
  const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const namespace = WITHOUT_NAMESPACE.has(kind) ? "" : `/namespaces/${metadata.namespace ?? "default"}`;
  return `${base}${namespace}/${pluralOf(kind)}`;
}

export const pathOf = (object: KubeObject): string => `${collectionOf(object)}/${object.metadata.name}`;

/** Asks until it holds; says what was last seen when it does not in time. */
export async function eventually<T>(
  what: string,
  limitMs: number,
  ask: () => Promise<{ done: true; value: T } | { done: false; seen: string }>,
): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer.done) return answer.value;
    if (Date.now() > end) throw new Error(`${what}: not within ${limitMs / 1000} s; last seen: ${answer.seen}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

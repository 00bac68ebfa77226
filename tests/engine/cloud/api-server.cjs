// A real Kubernetes API server, as a kubeconfig names it. Plain HTTPS: what is asked is what the provider's own client would
// ask, and nothing between it and the answer makes either nicer.
const { Buffer } = require("node:buffer");
const { readFileSync } = require("node:fs");
const https = require("node:https");
const { URL, URLSearchParams } = require("node:url");
const { parse } = require("yaml");

const REQUEST_MS = 30_000;
const LOOPBACK = /^https:\/\/(127\.0\.0\.1|localhost|\[::1\])(:|\/|$)/;

class Unserved extends Error {}

/** What the server refused, with its own reason and words. */
class ApiError extends Error {
  constructor(status, code) {
    super(status.message ?? `the server answered ${code}`);
    this.reason = status.reason ?? "";
    this.status = code;
    this.kindOfObject = status.details?.kind ?? "";
  }
}

class ApiServer {
  #address;
  #options;
  /** Groups and versions, by name, as the server lists them. */
  #served = new Map();

  /** Null where the kubeconfig leads nowhere on this machine: then the stand-in keeps the objects itself. */
  static at(kubeconfig) {
    const config = parse(String(kubeconfig ?? "")) ?? {};
    const named = (list, name) => (list ?? []).find((entry) => name === undefined || entry.name === name);
    const context = named(config.contexts, config["current-context"])?.context ?? {};
    const cluster = named(config.clusters, context.cluster)?.cluster;
    if (!LOOPBACK.test(cluster?.server ?? "")) return null;
    return new ApiServer(cluster, named(config.users, context.user)?.user ?? {});
  }

  constructor(cluster, user) {
    const pem = (data, file) => (data ? Buffer.from(data, "base64") : file ? readFileSync(file) : undefined);
    this.name = cluster.server;
    this.#address = new URL(cluster.server);
    this.#options = {
      agent: new https.Agent({ keepAlive: true, maxSockets: 16 }),
      ca: pem(cluster["certificate-authority-data"], cluster["certificate-authority"]),
      cert: pem(user["client-certificate-data"], user["client-certificate"]),
      key: pem(user["client-key-data"], user["client-key"]),
      timeout: REQUEST_MS,
      headers: { accept: "application/json", ...(user.token ? { authorization: `Bearer ${user.token}` } : {}) },
    };
  }

  create(object, options) {
    return this.#send("POST", object, options, { body: object });
  }

  get(object) {
    return this.#send("GET", object, {});
  }

  apply(object, options) {
    return this.#send("PATCH", object, options, { body: object, type: "application/apply-patch+yaml" });
  }

  jsonPatch(object, patch) {
    return this.#send("PATCH", object, {}, { body: patch, type: "application/json-patch+json" });
  }

  /** What only a controller says of an object. */
  status(object, status) {
    return this.#send("PATCH", object, {}, { body: { status }, type: "application/merge-patch+json", part: "/status" });
  }

  /** Every object of the kind in the namespace. */
  async list(object) {
    return (await this.#send("GET", { ...object, metadata: { ...object.metadata, name: undefined } }, {})).items;
  }

  /** Foreground: what it owns goes first. */
  remove(object) {
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Foreground" };
    return this.#send("DELETE", object, {}, { body });
  }

  /** Whether the server knows such objects at all. */
  async serves(object) {
    return (await this.#kind(object)) !== undefined;
  }

  async #kind({ apiVersion, kind }) {
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = this.#served.get(base)?.find((r) => r.kind === kind);
    if (known) return { base, ...known };
    try {
      const { resources } = await this.#request("GET", base);
      this.#served.set(
        base,
        resources.filter((r) => !r.name.includes("/")),
      );
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    const found = this.#served.get(base)?.find((r) => r.kind === kind);
    return found && { base, ...found };
  }

  async #send(method, object, query, { body, type, part = "" } = {}) {
    const found = await this.#kind(object);
    if (found === undefined)
      throw new Unserved(`no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
    const { name, namespace = "default" } = object.metadata;
    const folder = `${found.base}${found.namespaced ? `/namespaces/${namespace}` : ""}/${found.name}`;
    const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined)).toString();
    const path = `${folder}${method === "POST" || name === undefined ? "" : `/${name}${part}`}${asked ? `?${asked}` : ""}`;
    return this.#request(method, path, body, type);
  }

  #request(method, path, body, type = "application/json") {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { hostname: host, port } = this.#address;
    const headers = {
      ...this.#options.headers,
      ...(text === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(text) }),
    };
    return new Promise((resolve, reject) => {
      const request = https.request({ ...this.#options, host, port, path, method, headers }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const answer = asObject(Buffer.concat(chunks).toString("utf8"));
          if (response.statusCode < 300) resolve(answer);
          else reject(new ApiError(answer, response.statusCode));
        });
      });
      request.on("timeout", () => request.destroy(new Error(`${method} ${path}: no answer in ${REQUEST_MS / 1000} s`)));
      request.on("error", reject);
      request.end(text);
    });
  }
}

function asObject(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}

module.exports = { ApiServer, Unserved };

// The stand-in kubernetes provider on a real API server. It asks as the real provider does (pulumi/pulumi-kubernetes
// provider/pkg/provider/provider.go and provider/pkg/await/await.go; creation by POST since #4278, 4.29): what is there
// already answers AlreadyExists, an update is a server-side apply by a field manager of the object's own, a preview is the
// server's dry run. What it leaves out: the real one's own ideas of readiness (a kind that has some is refused here unless
// it says what to wait for), CustomResourceDefinitions, Patch resources, client-side apply.
const { Buffer } = require("node:buffer");
const { randomBytes } = require("node:crypto");
const { setTimeout } = require("node:timers");
const { balance, isBalanced, unbalance } = require("./live-charts.cjs");
const { isCreators, takeOver, withIgnored } = require("./field-managers.cjs");
const { differingPaths, normalForm, pruned } = require("./normal-form.cjs");
const { AlreadyExists, Refused } = require("./store.cjs");
const { Unserved } = require("./api-server.cjs");

const RETRIES = 5;
const RETRY_MS = 200;
/** provider/pkg/metadata/overrides.go: what an object says about waiting for it. */
const SKIP_AWAIT = "pulumi.com/skipAwait";
const WAIT_FOR = "pulumi.com/waitFor";
const TIMEOUT = "pulumi.com/timeoutSeconds";
const DEFAULT_SECONDS = 600;
/** overrides.go, allowsSkipAwaitWithDelete: where skipping holds for deletion as well (#3154). */
const NOT_AWAITED = /^(Namespace|Pod|ReplicationController|DaemonSet|Deployment|StatefulSet|Job)$/;
/** await.go, awaiters: the kinds whose creation the real provider waits for. */
const AWAITED =
  /^(Pod|Deployment|StatefulSet|DaemonSet|Job|Ingress|Service|PersistentVolumeClaim|ReplicationController)$/;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class LiveCluster {
  /** `cloud`: for the journal, the only thing that is not the server's. */
  constructor(api, cloud) {
    this.api = api;
    this.cloud = cloud;
  }

  /** What an object looks like before it is there: as the server would make it, where the server can say. */
  async previewCreate(inputs) {
    if (!(await this.api.serves(inputs))) return inputs;
    try {
      const seen = await this.api.create(inputs, { dryRun: "All" });
      delete seen.status;
      return { ...seen, __inputs: inputs };
    } catch (error) {
      // What else the preview will make is not there yet; what exists already shows when it is made.
      if (isMissingNamespace(error) || ["Forbidden", "AlreadyExists"].includes(error.reason)) return inputs;
      throw notCreated(error);
    }
  }

  async create(object, inputs) {
    const { [SKIP_AWAIT]: skipped, [WAIT_FOR]: awaited } = inputs.metadata.annotations ?? {};
    if (
      AWAITED.test(inputs.kind) &&
      !isBalanced(inputs) &&
      skipped !== "true" &&
      !/^jsonpath={\.metadata\.\w+}$/.test(awaited ?? "")
    )
      throw new Refused(`the provider waits until a ${inputs.kind} is ready; this stand-in cannot: ${object.urn}`);
    const manager = `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
    const live = await this.#retrying(() => this.api.create(inputs, { fieldManager: manager })).catch((error) => {
      this.cloud.note("refuse", { ...object, id: idOf(inputs) }, { reason: error.reason || error.message });
      throw notCreated(error);
    });
    this.cloud.note("create", { ...object, id: idOf(live) });
    const awaitedLive = isBalanced(inputs) ? await balance(this.api, live) : live;
    return { id: idOf(live), state: checkpoint(awaitedLive, inputs, manager) };
  }

  /** Null when it is gone. `state` and `inputs` are null for an object that was never managed here. */
  async read(type, id, state, inputs) {
    const asked = inputs ?? { ...groupVersionKind(type), metadata: metadataOf(id) };
    const live = await this.api.get(asked).catch(nullIfGone);
    if (live === null) return null;
    const seen = inputs === null ? readable(live) : normalForm(pruned(readable(live), inputs));
    return { inputs: seen, state: checkpoint(live, seen, state?.__fieldManager) };
  }

  /** Where the program and the last known live object differ, of what the program said before or says now. */
  differences(state, inputs) {
    const { __inputs: before = {}, ...live } = state;
    const known = normalForm(pruned(readable(live), before));
    return { known, paths: differingPaths(known, inputs) };
  }

  async update(object, state, inputs, { preview, ignoreChanges }) {
    const manager = state.__fieldManager ?? `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
    let live = await this.api.get(inputs);
    const handedOver = takeOver(live.metadata.managedFields ?? [], manager);
    if (handedOver !== null && !preview) {
      const patch = [{ op: "replace", path: "/metadata/managedFields", value: handedOver }];
      live = await this.api.jsonPatch(inputs, patch);
    }
    const wanted = withIgnored(inputs, live, manager, ignoreChanges);
    const options = {
      fieldManager: manager,
      // Before the hand-over a dry run would meet the manager of the creation as somebody else.
      force: String(preview && isCreators(live.metadata.managedFields ?? [])),
      dryRun: preview ? "All" : undefined,
    };
    const applied = await this.api.apply(wanted, options).catch((error) => {
      if (preview && error.reason === "Forbidden") return { ...live, ...inputs };
      throw conflict(error, manager);
    });
    if (!preview) this.cloud.note("update", object);
    return checkpoint(applied, inputs, manager);
  }

  async remove(object, state) {
    const asked = { apiVersion: state.apiVersion, kind: state.kind, metadata: metadataOf(object.id) };
    const answered = await this.api.remove(asked).catch(nullIfGone);
    if (answered === null) return;
    this.cloud.note("delete", object);
    if (isBalanced(state)) await unbalance(this.api, asked);
    const annotations = (state.__inputs ?? state).metadata?.annotations ?? {};
    if (annotations[SKIP_AWAIT] === "true" && NOT_AWAITED.test(asked.kind)) return;
    const seconds = Number(annotations[TIMEOUT] ?? DEFAULT_SECONDS);
    for (const until = Date.now() + seconds * 1000; ; await sleep(100)) {
      const left = await this.api.get(asked).catch(nullIfGone);
      // The same name with another identity is another object.
      if (left === null || left.metadata.uid !== state.metadata?.uid) return;
      if (Date.now() > until)
        throw new Refused(`${asked.kind} ${object.id} is still there after ${seconds} s: ${whyStill(left)}`);
    }
  }

  /** Things are made side by side: what they need may be there in a moment. */
  async #retrying(act) {
    for (let n = 0; ; n += 1) {
      try {
        return await act();
      } catch (error) {
        const later = error instanceof Unserved || error.reason === "NotFound";
        if (!later || n === RETRIES) throw error;
        await sleep(RETRY_MS * 2 ** n);
      }
    }
  }
}

const idOf = ({ metadata }) => (metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name);

function metadataOf(id) {
  const [name, namespace] = id.split("/").reverse();
  return namespace === undefined ? { name } : { name, namespace };
}

function groupVersionKind(type) {
  const [, groupVersion, kind] = type.split(":");
  return { apiVersion: groupVersion.replace(/^core\//, ""), kind };
}

/** What goes into the state: the live object, what was asked for, and who manages its fields. */
const checkpoint = (live, inputs, manager) => ({
  ...live,
  __inputs: inputs,
  ...(manager === undefined ? {} : { __fieldManager: manager }),
});

/** A Secret says `stringData` and is read back as `data`. */
function readable(live) {
  if (live.kind !== "Secret" || live.data === undefined) return live;
  const text = Object.entries(live.data).map(([key, value]) => [key, Buffer.from(String(value), "base64").toString()]);
  return { ...live, stringData: Object.fromEntries(text) };
}

function nullIfGone(error) {
  if (error.status === 404 || error instanceof Unserved) return null;
  throw error;
}

const isMissingNamespace = (error) => error.status === 404 && error.kindOfObject === "namespaces";

function notCreated(error) {
  const text = `was not successfully created by the Kubernetes API server: ${error.message}`;
  return error.reason === "AlreadyExists" ? new AlreadyExists(text) : new Refused(text);
}

const conflict = (error, manager) =>
  error.reason === "Conflict"
    ? new Refused(`server-side apply field conflict of field manager ${manager}: ${error.message}`)
    : error;

const whyStill = ({ metadata, status }) =>
  JSON.stringify({ finalizers: metadata.finalizers, conditions: status?.conditions });

module.exports = { LiveCluster };

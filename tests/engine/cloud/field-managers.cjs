// Who manages which field, as the Kubernetes provider deals with it when it updates (pulumi/pulumi-kubernetes
// provider/pkg/await/await.go: fixCSAFieldManagers, handleSSAIgnoreFields; fluxcd/pkg ssa, PatchReplaceFieldsManagers).

/** Whose fields an update takes over: its own creation's, and what kubectl did by hand. By prefix. */
const TAKEN = [
  ["kubectl", "Apply"],
  ["kubectl", "Update"],
  ["before-first-apply", "Update"],
  ["pulumi-kubernetes", "Update"],
  ["pulumi-resource-kubernetes", "Update"],
];

const clone = (value) => JSON.parse(JSON.stringify(value));

const isTaken = ({ manager, operation, subresource }) =>
  !subresource && TAKEN.some(([prefix, op]) => manager.startsWith(prefix) && operation === op);

/** Whether the provider's own creation still manages fields, which no update has taken over. */
const isCreators = (managedFields) =>
  managedFields.some(({ manager, operation }) => manager.startsWith("pulumi-") && operation === "Update");

/** The list with those entries merged into one of `name` that applies; null when there is nothing to take over. */
function takeOver(managedFields, name) {
  const isOwn = (entry) => entry.manager === name && entry.operation === "Apply";
  const taken = managedFields.filter((entry) => !isOwn(entry) && isTaken(entry));
  if (taken.length === 0) return null;
  const own = managedFields.find(isOwn);
  const rest = managedFields.filter((entry) => !isOwn(entry) && !isTaken(entry));
  const [first, ...others] = own ? [own, ...taken] : taken;
  const fieldsV1 = others.reduce((all, entry) => union(all, entry.fieldsV1), first.fieldsV1);
  return [...rest, { ...first, manager: name, operation: "Apply", fieldsV1 }];
}

function union(a = {}, b = {}) {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(keys.map((key) => [key, union(a[key], b[key])]));
}

/**
 * The inputs as they are applied: an ignored field that others manage alone is left out, any other is sent as it is on the
 * server. Paths are cut at every dot, also inside quotes, as the provider does: `metadata.annotations["a.b/c"]` is found
 * nowhere, and what the engine kept for it is sent.
 */
function withIgnored(inputs, live, manager, ignoreChanges) {
  const wanted = clone(inputs);
  for (const ignored of ignoreChanges) {
    const path = ignored.split(".");
    const has = (entry) => path.reduce((fields, key) => fields?.[`f:${key}`], entry.fieldsV1) !== undefined;
    const entries = (live.metadata.managedFields ?? []).filter(has);
    const mine = entries.some((entry) => entry.manager === manager);
    if (entries.length > 0 && !mine) remove(wanted, path);
    else {
      const value = path.reduce((at, key) => at?.[key], live);
      if (value !== undefined) set(wanted, path, value);
    }
  }
  return wanted;
}

function remove(object, path) {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce((at, key) => at?.[key], object);
  if (parent) delete parent[last];
}

function set(object, path, value) {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce((at, key) => (at[key] ??= {}), object);
  parent[last] = clone(value);
}

module.exports = { isCreators, takeOver, withIgnored };

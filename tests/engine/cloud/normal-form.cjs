// Objects as the Kubernetes provider compares them: quantities in the one way the API writes them, and of a live object
// only what the program said (pulumi/pulumi-kubernetes provider/pkg/provider/provider.go, normalizeInputs, pruneLiveState).

/** Objects whose values are quantities (k8s.io/api: requests and limits, a quota's hard, a LimitRange's defaults). */
const OF_QUANTITIES = ["requests", "limits", "hard", "default", "defaultRequest", "max", "min", "capacity"];
const isObject = (value) => value !== null && typeof value === "object";
const isMap = (value) => isObject(value) && !Array.isArray(value);

/** Without nulls, which the API drops, and with canonical quantities. */
function normalForm(value, key = "") {
  if (Array.isArray(value)) return value.map((inner) => normalForm(inner));
  if (!isObject(value)) return key === "sizeLimit" ? canonical(value) : value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(
    entries.map(([name, inner]) => [
      name,
      OF_QUANTITIES.includes(key) && typeof inner === "string" ? canonical(inner) : normalForm(inner, name),
    ]),
  );
}

const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/** As the API writes it back: no fraction, the largest suffix that allows that. Other text stays as it is. */
function canonical(quantity) {
  const match = /^(\d+)(?:\.(\d{1,9}))?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/.exec(String(quantity));
  if (!match) return quantity;
  const [, whole, fraction = "", suffix = ""] = match;
  const binary = suffix.endsWith("i");
  const [suffixes, thousand] = binary ? [BINARY, 1024n] : [DECIMAL, 1000n];
  const scale = thousand ** BigInt(suffixes.indexOf(suffix));
  let rest = (BigInt(whole + fraction) * scale) / 10n ** BigInt(fraction.length);
  let exponent = 0;
  while (rest !== 0n && exponent < suffixes.length - 1 && rest % thousand === 0n) {
    rest /= thousand;
    exponent += 1;
  }
  return rest === 0n ? "0" : `${rest}${suffixes[exponent]}`;
}

/** Of `live` what `like` has, position by position in lists. */
function pruned(live, like) {
  if (Array.isArray(live) && Array.isArray(like))
    return live.map((inner, i) => (i < like.length ? pruned(inner, like[i]) : inner));
  if (!isMap(live) || !isMap(like)) return live;
  return Object.fromEntries(
    Object.entries(live).flatMap(([key, inner]) => (key in like ? [[key, pruned(inner, like[key])]] : [])),
  );
}

const isEmpty = (value) => value === undefined || (isObject(value) && Object.keys(value).length === 0);

/** Where two objects differ, as paths; an empty map or list is the same as none, since the API drops most of them. */
function differingPaths(before, after, path = "") {
  if (isEmpty(before) && isEmpty(after)) return [];
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differingPaths(before[key], after[key], step(path, key)));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, i) => differingPaths(before[i], after[i], `${path}[${i}]`)).flat();
  }
  return before === after ? [] : [path];
}

const step = (path, key) => (/[."[\]]/.test(key) ? `${path}["${key}"]` : path === "" ? key : `${path}.${key}`);

module.exports = { canonical, differingPaths, normalForm, pruned };

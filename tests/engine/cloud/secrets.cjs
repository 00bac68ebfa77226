// Secrets as they are on the wire (@pulumi/pulumi, runtime/rpc.ts): the cloud gets what is inside, the engine gets them back
// wrapped, or they would lie in the state in the clear.
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
/** A secret of any value. */
const SECRET = { [SIGNATURE]: SECRET_SIGNATURE, value: null };

const isObject = (value) => value !== null && typeof value === "object";

function plain(value) {
  if (!isObject(value)) return value;
  if (value[SIGNATURE] !== undefined && "value" in value) return plain(value.value);
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** `value` with a wrapper wherever `like` has one. */
function asSecret(value, like) {
  if (value === undefined || !isObject(like)) return value;
  if (like[SIGNATURE] === SECRET_SIGNATURE) return { [SIGNATURE]: SECRET_SIGNATURE, value };
  if (!isObject(value)) return value;
  if (Array.isArray(value)) return value.map((inner, i) => asSecret(inner, like[i]));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asSecret(inner, like[key])]));
}

module.exports = { asSecret, plain, SECRET };

// What secrets look like, so that one pasted into the wrong place is neither recorded nor shown.

/** Text that must never be in user-data, an environment variable or a log: keys, tokens, passwords. */
const SECRET_SHAPES: readonly [RegExp, string][] = [
  [/-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/, "a private key"],
  [/\bAKIA[0-9A-Z]{16}\b/, "an AWS access key id"],
  [/\bdop_v1_[0-9a-f]{64}\b/, "a DigitalOcean token"],
  [/\bAGE-SECRET-KEY-[0-9A-Z-]+/i, "a secret key of age"],
  [/\b0w[0-9a-zA-Z~-]{1,5}(?:\.[0-9a-zA-Z~-]{5}){10,}/, "an Urbit boot key"],
  [/(?:password|passwd|passphrase|secret|token)["']?\s*[:=]\s*["']?[^\s"'$<{|]{8,}/i, "a password or token"],
];

/** What secret a text seems to hold, or null. It finds shapes, not every secret. */
export const secretInText = (text: string): string | null =>
  SECRET_SHAPES.find(([shape]) => shape.test(text))?.[1] ?? null;

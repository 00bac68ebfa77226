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

/** Those that cannot be mistaken for anything else, to their ends. */
const UNMISTAKABLE: readonly [RegExp, string][] = [
  [
    /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:[\s\S]*?-----END (?:[A-Z]+ )*PRIVATE KEY-----|[\s\S]*)/g,
    "a private key",
  ],
  ...SECRET_SHAPES.slice(1, -1).map(([shape, what]): [RegExp, string] => [
    new RegExp(`${shape.source}[\\w~.-]*`, `g${shape.flags}`),
    what,
  ]),
];

/** What secret a text seems to hold, or null. It finds shapes, not every secret. */
export const secretInText = (text: string): string | null =>
  SECRET_SHAPES.find(([shape]) => shape.test(text))?.[1] ?? null;

/** A text for people, without what is a secret beyond doubt. Words such as `secret: NAME`, which is no secret, stay. */
export const withoutSecrets = (text: string): string =>
  UNMISTAKABLE.reduce((shown, [shape, what]) => shown.replace(shape, `[${what}; not shown]`), text);

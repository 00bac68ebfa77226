// Whose key a boot key is, read from nouns that this test jams by itself.
import fc from "fast-check";
import ob from "urbit-ob";
import { foreignKeyProblem, shipOfKey } from "../../planner/boot-key";

type Noun = bigint | [Noun, Noun];

/** Jam without references: every part is written out. */
function jam(noun: Noun): string {
  const bits = (n: bigint, width: number) => [...n.toString(2).padStart(width, "0")].reverse().join("").slice(0, width);
  const mat = (n: bigint): string => {
    if (n === 0n) return "1";
    const length = n.toString(2).length;
    const width = length.toString(2).length;
    return "0".repeat(width) + "1" + bits(BigInt(length), width).slice(0, width - 1) + bits(n, length);
  };
  return Array.isArray(noun) ? `10${jam(noun[0])}${jam(noun[1])}` : `0${mat(noun)}`;
}

const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-~";
/** As a key file has it: base 64, a dot before every fifth digit from the right. */
function uw(noun: Noun): string {
  let n = BigInt(`0b${[...jam(noun)].reverse().join("")}`);
  let digits = "";
  for (; n > 0n; n /= 64n) digits = DIGITS[Number(n % 64n)] + digits;
  return `0w${digits.replace(/\B(?=(.{5})+$)/g, ".")}`;
}

const number = (name: string) => BigInt(ob.patp2dec(name));
const ring = 2n ** 511n + 12_345_678_901n;
const single = (name: string): Noun => [number(name), [1n, [ring, 0n]]];
const several = (name: string): Noun => [
  [1n, 0n],
  [number(name), [[1n, ring], 0n]],
];
const withRift = (name: string): Noun => [
  [2n, 0n],
  [number(name), [3n, [[1n, ring], 0n]]],
];

test("jam as the runtime writes it: known numbers of small nouns", () => {
  const value = (noun: Noun) => BigInt(`0b${[...jam(noun)].reverse().join("")}`);
  // docs.urbit.org, +jam: (jam 1) is 12, (jam [1 1]) is 817, without references.
  expect([value(0n), value(1n), value([1n, 1n])]).toEqual([2n, 12n, 817n]);
});

test.each(["~zod", "~marzod", "~sampel-palnet", "~doznec-sampel-palnet"])(
  "the key of %s, in all three forms",
  (name) => {
    expect([single(name), several(name), withRift(name)].map((n) => shipOfKey(uw(n)))).toEqual([name, name, name]);
    expect(shipOfKey(`${uw(single(name))}\n`)).toBe(name);
  },
);

test("the key of any ship but a comet, which has none", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: 1n, max: 2n ** 512n }),
      (ship, secret) => {
        expect(shipOfKey(uw([ship, [1n, [secret, 0n]]]))).toBe(ob.patp(ship.toString()));
      },
    ),
  );
});

test("a number longer than any ship's that has a key is not shown: it may be part of the private key", () => {
  expect(shipOfKey(uw([2n ** 64n, [1n, [ring, 0n]]]))).toBeNull();
});

test("text that is no key has no ship, whatever it is, and nothing is thrown", () => {
  for (const text of [
    "",
    "0w",
    "0w1",
    "canary",
    "0w3CANARY.boot-key!",
    uw(7n),
    uw([
      [3n, 0n],
      [1n, 1n],
    ]),
    "0w".padEnd(70_000, "z"),
  ])
    expect(`${text.slice(0, 20)} ${shipOfKey(text)}`).toBe(`${text.slice(0, 20)} null`);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...DIGITS, ".") }), (text) => {
      const ship = shipOfKey(`0w${text}`);
      expect(ship === null || ob.isValidPatp(ship)).toBe(true);
    }),
  );
});

test("a foreign key is refused with both names and without the key; one that cannot be read is left to the runtime", () => {
  const ship = { id: "sampel-palnet", name: "~sampel-palnet" };
  const theirs = uw(single("~ravmel-ropdyl"));
  const problem = foreignKeyProblem(ship, theirs, "ships[0].key");
  expect(problem).toMatchObject({
    code: "foreign-key",
    path: "ships[0].key",
    received: "the key of ~ravmel-ropdyl, or a damaged one",
    accepted: "the key of ~sampel-palnet",
  });
  expect(JSON.stringify(problem)).not.toContain(theirs.slice(2, 20));
  expect(foreignKeyProblem(ship, uw(single("~sampel-palnet")), "p")).toBeNull();
  expect(foreignKeyProblem(ship, "canary", "p")).toBeNull();
});

// What of the Internet is left when everything internal is taken away: exact, for any networks.
import fc from "fast-check";
import { contains, internetExcept, normalise, NOT_INTERNET } from "../../../components/isolation/render/cidr";

const octet = fc.integer({ min: 0, max: 255 });
const address = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join("."));
const cidr = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map(([a, bits]) => `${a}/${bits}`);
const number = (a: string) => a.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
/** Says it by bits, not by ranges as the code does. */
const inside = (network: string, a: string): boolean => {
  const [base = "", bits = ""] = network.split("/");
  const mask = (n: number) => n.toString(2).padStart(32, "0").slice(0, Number(bits));
  return mask(number(base)) === mask(number(a));
};

test("covers exactly the addresses it was given", () => {
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 6 }), address, (cidrs, a) => {
      expect(contains(normalise(cidrs), a)).toBe(cidrs.some((c) => inside(c, a)));
    }),
    { numRuns: 500 },
  );
});

test("is exact at both edges of every network", () => {
  fc.assert(
    fc.property(cidr, (network) => {
      const [first] = normalise([network]);
      const [base = "", bits = ""] = first!.split("/");
      const start = number(base);
      const end = start + 2 ** (32 - Number(bits)) - 1;
      const text = (n: number) => [24, 16, 8, 0].map((s) => Math.floor(n / 2 ** s) % 256).join(".");
      expect([contains([network], text(start)), contains([network], text(end))]).toEqual([true, true]);
      if (start > 0) expect(contains([network], text(start - 1))).toBe(false);
      if (end < 2 ** 32 - 1) expect(contains([network], text(end + 1))).toBe(false);
    }),
  );
});

test("names no network twice, none inside another, and the fewest there are", () => {
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 6 }), (cidrs) => {
      const once = normalise(cidrs);
      expect(normalise(once)).toEqual(once);
      for (const [i, a] of once.entries()) {
        for (const [j, b] of once.entries()) if (i !== j) expect(inside(b, a.split("/")[0]!)).toBe(false);
      }
    }),
  );
  expect(normalise(["10.0.0.0/9", "10.128.0.0/9", "10.3.0.0/16"])).toEqual(["10.0.0.0/8"]);
  expect(normalise(["10.0.0.1/32", "10.0.0.2/32"])).toEqual(["10.0.0.1/32", "10.0.0.2/32"]);
});

test("leaves no private, carrier, link-local or given network in the Internet, and takes nothing else away", () => {
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 4 }), address, (given, a) => {
      const blocked = [...NOT_INTERNET, ...given].some((c) => inside(c, a));
      expect(contains(internetExcept(given), a)).toBe(blocked);
    }),
    { numRuns: 500 },
  );
  const blocked = internetExcept(["172.20.0.0/16", "34.1.0.0/16"]);
  for (const a of ["10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.3.4", "34.1.9.9"]) {
    expect(`${a} ${contains(blocked, a)}`).toBe(`${a} true`);
  }
  for (const a of ["1.1.1.1", "100.128.0.1", "172.32.0.1", "34.2.0.0"])
    expect(`${a} ${contains(blocked, a)}`).toBe(`${a} false`);
});

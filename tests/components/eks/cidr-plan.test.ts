import fc from "fast-check";
import { freeVpcRange } from "../../../planner/architecture/cidr-plan";
import { cidrPlan, cidrProblems, cidrsOverlap, SERVICE_CIDR } from "../../../components/eks/render/cidr-plan";

const LETTERS = [..."abcdefgh"];
const zones = fc
  .subarray(LETTERS, { minLength: 1 })
  .chain((letters) => fc.shuffledSubarray(letters, { minLength: letters.length, maxLength: letters.length }))
  .map((letters) => letters.map((letter) => `us-west-2${letter}`));
const vpcs = fc
  .record({
    second: fc.integer({ min: 0, max: 255 }),
    third: fc.integer({ min: 0, max: 15 }),
    prefix: fc.integer({ min: 16, max: 20 }),
  })
  .map(({ second, third, prefix }) => {
    const step = 2 ** (24 - prefix);
    const aligned = Math.floor((third * 16) / step) * step;
    return `10.${second}.${prefix === 16 ? 0 : aligned}.0/${prefix}`;
  });

const bounds = (cidr: string) => {
  const [address, prefix] = cidr.split("/") as [string, string];
  const first = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return { first, last: first + 2 ** (32 - Number(prefix)) - 1 };
};

describe("the CIDR plan", () => {
  test("places every subnet inside the VPC and on its own boundary", () => {
    fc.assert(
      fc.property(vpcs, zones, (cidr, z) => {
        const vpc = bounds(cidr);
        for (const subnet of cidrPlan({ cidr, zones: z })) {
          const { first, last } = bounds(subnet.cidr);
          expect(first).toBeGreaterThanOrEqual(vpc.first);
          expect(last).toBeLessThanOrEqual(vpc.last);
          expect(first % (last - first + 1)).toBe(0);
        }
      }),
    );
  });

  test("lets no two subnets share an address", () => {
    fc.assert(
      fc.property(vpcs, zones, (cidr, z) => {
        const ranges = cidrPlan({ cidr, zones: z })
          .map((subnet) => bounds(subnet.cidr))
          .sort((a, b) => a.first - b.first);
        expect(ranges).toHaveLength(2 * z.length);
        ranges.slice(1).forEach((range, i) => expect(range.first).toBeGreaterThan(ranges[i]!.last));
      }),
    );
  });

  test("moves no subnet when zones are added, removed or reordered", () => {
    fc.assert(
      fc.property(vpcs, zones, zones, (cidr, before, after) => {
        const place = (z: string[]) =>
          new Map(cidrPlan({ cidr, zones: z }).map((subnet) => [`${subnet.tier} ${subnet.zone}`, subnet.cidr]));
        const old = place(before);
        for (const [key, range] of place(after)) if (old.has(key)) expect(range).toBe(old.get(key));
      }),
    );
  });

  test("leaves room to grow: with every zone there is, three eighths of the range are still free", () => {
    fc.assert(
      fc.property(vpcs, zones, (cidr, z) => {
        const size = (range: string) => bounds(range).last - bounds(range).first + 1;
        const used = cidrPlan({ cidr, zones: z }).reduce((sum, subnet) => sum + size(subnet.cidr), 0);
        expect(size(cidr) - used).toBeGreaterThanOrEqual((size(cidr) * 3) / 8);
      }),
    );
  });

  test("finds a range that overlaps nothing it must avoid, or says that there is none", () => {
    const others = fc.array(vpcs, { maxLength: 40 });
    fc.assert(
      fc.property(others, (avoid) => {
        const range = freeVpcRange(avoid)!;
        expect(cidrProblems({ cidr: range, zones: ["us-west-2a"], avoid: [SERVICE_CIDR, ...avoid] })).toEqual([]);
      }),
    );
    expect(freeVpcRange([])).toBe("10.0.0.0/16");
    expect(freeVpcRange(["10.0.0.0/8"])).toBe("172.16.0.0/16");
    expect(freeVpcRange(["10.0.0.0/8", "172.16.0.0/14"])).toBe("172.21.0.0/16");
    expect(freeVpcRange(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])).toBeNull();
  });

  test("refuses a range exactly when it shares an address with one it must avoid", () => {
    fc.assert(
      fc.property(vpcs, vpcs, (cidr, other) => {
        const overlap = bounds(cidr).first <= bounds(other).last && bounds(other).first <= bounds(cidr).last;
        const said = cidrProblems({ cidr, zones: ["us-west-2a"], avoid: [other] });
        expect(said.some((p) => p.accepted.includes(`does not overlap ${other}`))).toBe(overlap);
      }),
    );
  });

  test("gives a private subnet of a /16 four thousand addresses", () => {
    expect(cidrPlan({ cidr: "10.40.0.0/16", zones: ["us-west-2a", "us-west-2c"] })).toEqual([
      { zone: "us-west-2a", tier: "private", cidr: "10.40.0.0/20" },
      { zone: "us-west-2c", tier: "private", cidr: "10.40.32.0/20" },
      { zone: "us-west-2a", tier: "public", cidr: "10.40.128.0/24" },
      { zone: "us-west-2c", tier: "public", cidr: "10.40.130.0/24" },
    ]);
  });

  test("agrees with arithmetic on which ranges overlap", () => {
    fc.assert(
      fc.property(vpcs, vpcs, (a, b) => {
        const [x, y] = [bounds(a), bounds(b)];
        expect(cidrsOverlap(a, b)).toBe(x.first <= y.last && y.first <= x.last);
      }),
    );
  });

  test.each([
    ["10.0.0.0/8", "a prefix length of 16 to 20"],
    ["10.0.0.0/21", "a prefix length of 16 to 20"],
    ["10.0.1.0/16", "a range that starts at its first address"],
    ["203.0.0.0/16", "a private range (RFC 1918)"],
    ["nonsense", "an IPv4 range such as 10.0.0.0/16"],
    ["fd00::/16", "an IPv4 range such as 10.0.0.0/16"],
  ])("refuses %s as a VPC range", (cidr, accepted) => {
    expect(cidrProblems({ cidr, zones: ["us-west-2a"] }).map((p) => p.accepted)).toContain(accepted);
  });

  test("names every range the VPC overlaps, every bad zone and every repetition, all at once", () => {
    const problems = cidrProblems({
      cidr: "172.20.0.0/16",
      zones: ["us-west-2a", "us-west-2-lax-1a", "us-west-2a"],
      avoid: ["172.20.0.0/16", "10.0.0.0/8", "172.16.0.0/12"],
    });
    expect(problems.map((p) => p.path)).toEqual(["cidr", "cidr", "zones[1]", "zones[2]"]);
  });
});

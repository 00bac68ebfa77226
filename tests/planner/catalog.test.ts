import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkRequirements, defaultCatalog, LIMITS, mergePrices, plan } from "../../planner";
import { pricedRegions, priceOf } from "../../planner/catalog/catalog";
import { defaultRegion, jurisdiction, knownRegions, providersOfRegion, regionsOf } from "../../planner/catalog/regions";

const catalog = defaultCatalog();
const DATE = /^20\d{2}-\d{2}-\d{2}$/;

describe("the catalog", () => {
  test("gives every price a unit, a source, a date not after the day it was stored, and a basis", () => {
    expect(catalog.prices.size).toBeGreaterThan(300);
    for (const [key, price] of catalog.prices) {
      expect([key, price.unit, price.source]).not.toContain("");
      expect(price.date).toMatch(DATE);
      expect(price.date <= catalog.storedOn).toBe(true);
      expect(["read", "derived", "secondary", "unverified", "given"]).toContain(price.basis);
    }
  });

  test("has 64 EC2 types in four regions, and calls a price what its source makes it", () => {
    expect(catalog.instanceTypes).toHaveLength(64);
    expect(pricedRegions(catalog).sort()).toEqual(["eu-central-1", "eu-west-1", "us-east-1", "us-west-2"]);
    expect(priceOf(catalog, "aws", "ec2:r6g.xlarge", "us-east-1")).toMatchObject({
      value: 0.2016,
      basis: "read",
      date: "2026-07-20",
    });
    expect(priceOf(catalog, "aws", "ec2:r7g.2xlarge", "eu-west-1")).toMatchObject({ value: 0.4794, basis: "derived" });
    expect(priceOf(catalog, "aws", "gp3Storage", "eu-west-1")).toMatchObject({ value: 0.088, basis: "unverified" });
    expect(priceOf(catalog, "aws", "natGatewayHour", "eu-central-1")).toMatchObject({
      basis: "secondary",
      low: 0.048,
      high: 0.052,
    });
  });

  test("answers for every service the planner prices, in every priced region", () => {
    const services = [
      "eksControlPlaneStandard",
      "gp3Storage",
      "ebsSnapshot",
      "natGatewayHour",
      "natGatewayGb",
      "nlbHour",
      "nlbLcu",
      "publicIpv4",
      "s3StandardIa",
      "kmsKey",
      "route53Zone",
      "egressInternetFirst10TB",
      "interAz",
      "cloudwatchLogsIngest",
    ];
    for (const region of pricedRegions(catalog))
      for (const item of services)
        expect([region, item, priceOf(catalog, "aws", item, region).value]).not.toContain(null);
    for (const item of ["volume", "spaces", "doksControlPlaneHa", "loadBalancerRegional", "droplet:s-2vcpu-4gb"])
      expect(priceOf(catalog, "digitalocean", item, "nyc3").value).toBeGreaterThan(0);
    expect(priceOf(catalog, "gcp", "controlPlane", "us-central1").value).toBe(0.1);
    expect(priceOf(catalog, "azure", "controlPlane", "eastus")).toMatchObject({ value: 0.1, basis: "unverified" });
  });

  test("says that an unknown price was not found, and never 0", () => {
    expect(priceOf(catalog, "aws", "ec2:r6g.xlarge", "ap-south-1")).toMatchObject({
      value: null,
      source: "not found in the catalog",
    });
  });

  test("marks Hetzner as out of date", () => {
    expect(Object.keys(catalog.stale)).toEqual(["hetzner"]);
  });
});

test("docs/prices.md lists every service with its unit", () => {
  const page = readFileSync(join(__dirname, "../../docs/prices.md"), "utf8").replace(/ +/g, " ");
  for (const [key, price] of catalog.prices) {
    const [provider, item] = key.split("/");
    if (!/^(ec2|droplet|server):/.test(item!)) expect(page).toContain(`| ${provider} | \`${item}\` | ${price.unit} |`);
  }
});

test("every limit names its source", () => {
  for (const limit of Object.values(LIMITS)) {
    expect(limit.value).toBeGreaterThan(0);
    expect(limit.source).not.toBe("");
  }
});

describe("regions", () => {
  test("are known by one provider's name each, but for names several share", () => {
    for (const region of knownRegions()) expect(providersOfRegion(region).length).toBeGreaterThan(0);
  });
  test("of a residency lie in it by default", () => {
    for (const provider of ["aws", "digitalocean", "hetzner", "gcp", "azure"] as const) {
      expect(jurisdiction(provider, defaultRegion(provider, "eu"))).toBe("eu");
      expect(jurisdiction(provider, defaultRegion(provider, "us"))).toBe("us");
      expect(regionsOf(provider)).toContain(defaultRegion(provider, "none"));
    }
  });
  test("of the United Kingdom and Switzerland are not in the EU", () => {
    expect([
      jurisdiction("aws", "eu-west-2"),
      jurisdiction("aws", "eu-central-2"),
      jurisdiction("digitalocean", "lon1"),
    ]).toEqual(["other", "other", "other"]);
  });
});

describe("--prices", () => {
  const file = (prices: object[]) => JSON.stringify({ schema: "roadstead/prices/1", prices });
  const line = {
    provider: "digitalocean",
    item: "droplet:s-2vcpu-4gb",
    value: 26,
    unit: "month",
    source: "invoice",
    date: "2026-11-01",
  };
  const vps = (merged: ReturnType<typeof mergePrices>) => {
    if (!merged.ok) throw new Error(JSON.stringify(merged.problems));
    const wish = checkRequirements({ ships: { count: 1 } }, "wish.yaml");
    if (!wish.ok) throw new Error("fixture");
    return plan(wish.requirements, { catalog: merged.catalog }).candidates.find(
      (c) => c.id === "vps/digitalocean/nyc3",
    )!;
  };

  test("replaces a price, and the line says whose it is", () => {
    const candidate = vps(mergePrices(catalog, file([line]), "prices.json"));
    expect(candidate.lines[0]).toMatchObject({
      item: "droplet s-2vcpu-4gb",
      price: 26,
      source: "invoice",
      date: "2026-11-01",
      basis: "given",
    });
  });
  test("leaves the shipped catalog as it was", () => {
    mergePrices(catalog, file([line]), "prices.json");
    expect(priceOf(catalog, "digitalocean", "droplet:s-2vcpu-4gb", "*").value).toBe(24);
  });
  test("makes an unpriced region a candidate with known node prices", () => {
    const merged = mergePrices(
      catalog,
      file([
        {
          provider: "aws",
          item: "ec2:r6a.xlarge",
          region: "us-east-2",
          value: 0.2268,
          unit: "hour",
          source: "price list",
          date: "2026-11-01",
        },
      ]),
      "p",
    );
    expect(merged.ok && priceOf(merged.catalog, "aws", "ec2:r6a.xlarge", "us-east-2").value).toBe(0.2268);
  });
  test("keeps Hetzner stale until every price of it is new", () => {
    const some = mergePrices(
      catalog,
      file([{ ...line, provider: "hetzner", item: "server:cax21", currency: "EUR", unit: "hour" }]),
      "p",
    );
    expect(some.ok && some.catalog.stale).toHaveProperty("hetzner");
    const all = [...catalog.prices.keys()]
      .filter((k) => k.startsWith("hetzner/"))
      .map((k) => ({
        ...line,
        provider: "hetzner",
        item: k.split("/")[1],
        currency: "EUR",
        unit: catalog.prices.get(k)!.unit,
      }));
    const renewed = mergePrices(catalog, file(all), "p");
    expect(renewed.ok && renewed.catalog.stale).toEqual({});
  });
  test("refuses the same price twice", () => {
    const merged = mergePrices(catalog, file([line, { ...line, value: 27 }]), "prices.json");
    expect(merged.ok ? [] : merged.problems.map((p) => p.path)).toEqual(["prices[1].item"]);
  });
  test.each([
    ["no source", { ...line, source: "" }],
    ["no date", { ...line, date: undefined }],
    ["a negative price", { ...line, value: -1 }],
    ["an unknown provider", { ...line, provider: "linode" }],
    ["an unknown key", { ...line, discount: 0.1 }],
    ["an item the planner does not price", { ...line, item: "droplet s-2vcpu-4gb" }],
    ["another unit than the item's own", { ...line, value: 0.02, unit: "hour" }],
    ["a date years ahead", { ...line, date: "2099-01-01" }],
  ])("refuses %s", (_, bad) => {
    const merged = mergePrices(catalog, file([bad]), "prices.json");
    expect(merged.ok).toBe(false);
    if (!merged.ok) expect(merged.problems[0]!.file).toBe("prices.json");
  });
});

// What EC2 takes as user-data is 16 KiB: a host as large as it may be has to fit, whatever its ships are called.
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { deliverUserData, renderHost, USER_DATA_LIMIT } from "../../../components/host/render";
import { HostRefused } from "../../../components/host/render/rendered";
import { LIMITS } from "../../../planner/catalog/limits";
import { host, lock, SHA, ship } from "./sample";

// eslint-disable-next-line @typescript-eslint/no-require-imports
const ob = require("urbit-ob") as { patp(n: number | string): string };

/** As sent to EC2, in bytes. */
const sent = (userData: string): number => {
  const { userData: plain, userDataBase64: packed } = deliverUserData({ name: "home", provider: "aws" }, userData);
  return packed === undefined ? Buffer.byteLength(plain!) : Buffer.from(packed, "base64").length;
};
/** Keys do not pack: each is as random as a real one. */
const key = (i: number): string =>
  `ssh-ed25519 ${Buffer.concat([Buffer.from("AAAAC3NzaC1lZDI1NTE5AAAAIA==", "base64"), randomBytes(32)]).toString("base64")} admin-${i}@example`;

const planet = fc.integer({ min: 65_536, max: 2 ** 32 - 1 }).map((n) => ob.patp(n).slice(1));
const hosting = fc.record({
  names: fc.uniqueArray(planet, { minLength: LIMITS.groundsegShips.value, maxLength: LIMITS.groundsegShips.value }),
  keys: fc.integer({ min: 1, max: 4 }),
  domain: fc.option(fc.constantFrom("example.com", `${"fleet-of-a-hosting-company.".repeat(2)}example.com`), {
    nil: null,
  }),
  cidrs: fc.integer({ min: 1, max: 4 }),
});
const around = (keys: number, domain: string | null, cidrs: number) => ({
  access: {
    sshPublicKeys: Array.from({ length: keys }, (_, i) => key(i)),
    adminCidrs: Array.from({ length: cidrs }, (_, i) => `203.0.${i}.0/24`),
  },
  dns: { domain, zoneId: null },
});
const onAws = {
  provider: "aws" as const,
  region: "us-west-2",
  zone: "us-west-2a",
  size: "r6i.2xlarge",
  arch: "x86_64" as const,
};

test("a GroundSeg host of twenty ships on AWS", () => {
  fc.assert(
    fc.property(hosting, ({ names, keys, domain, cidrs }) => {
      const ships = names.map((id, i) =>
        ship(id, { host: "harbour", ames: { inbound: "direct", port: 34_344 + i }, httpPort: 8081 + i }),
      );
      const harbour = host({
        ...onAws,
        name: "harbour",
        kind: "groundseg",
        memoryGiB: 64,
        volumeGiB: 420,
        swapGiB: 16,
      });
      const size = sent(renderHost(harbour, lock(ships, around(keys, domain, cidrs))).userData);
      expect(size).toBeLessThanOrEqual(USER_DATA_LIMIT.aws);
    }),
    { numRuns: 20 },
  );
});

test("a planet on AWS", () => {
  fc.assert(
    fc.property(planet, fc.integer({ min: 1, max: 8 }), (name, keys) => {
      const settled = lock([ship(name)], {
        ...around(keys, `${"fleet-of-a-hosting-company.".repeat(2)}example.com`, 8),
      });
      expect(sent(renderHost(host({ ...onAws, memoryGiB: 8 }), settled).userData)).toBeLessThanOrEqual(
        USER_DATA_LIMIT.aws,
      );
    }),
    { numRuns: 20 },
  );
});

test("what does not fit is refused with what to take out, and not cut", () => {
  const settled = lock([ship("sampel-palnet")], around(120, "example.com", 1));
  const large = { ...settled, versions: { vere: { version: "4.6", sha256: SHA } } };
  expect(() => renderHost(host({ ...onAws, memoryGiB: 8 }), large)).toThrow(HostRefused);
  expect(() => renderHost(host({ ...onAws, memoryGiB: 8 }), large)).toThrow(
    /^host home:\n {2}- user-data: received \d{5} bytes, packed; accepted: 16384 bytes at aws; name fewer/,
  );
});

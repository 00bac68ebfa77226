// Where the password of GroundSeg's page is, from the wish to the lock.
import { architectureDigest } from "../../../planner/architecture";
import { build, named, type Shape, wish } from "./fixtures";

const wishes = (hosts?: object) => wish({ ships: { named: named([1, 2, 3, 4, 5]) }, ...(hosts ? { hosts } : {}) });
const password = { groundseg: { password: { secret: "groundseg-password" } } };
const lock = (shape: Shape, hosts?: object) => build(wishes(hosts), shape).stacks[0]!.architecture;

it("is named by the lock of GroundSeg hosts, and by no other", () => {
  expect(lock("groundseg", password).groundseg).toEqual(password.groundseg);
  for (const shape of ["multi-vps", "eks"] as const) expect(lock(shape, password)).not.toHaveProperty("groundseg");
});

it("is nothing that a lock without it holds: what was recorded before keeps its digest", () => {
  expect(lock("groundseg")).not.toHaveProperty("groundseg");
  expect(architectureDigest(lock("groundseg"))).not.toBe(architectureDigest(lock("groundseg", password)));
});

it("is never the password itself", () => {
  expect(() => wishes({ groundseg: { password: "a good password" } })).toThrow();
});

// How long EKS supports a version: a table with sources, and what three enforcers say from it.
import { EKS_VERSIONS, eksSupport, eksVersionNotice } from "../../planner/catalog/kubernetes-versions";
import { eksVersionProblem } from "../../planner/predicates";
import { evaluate, rules } from "../../policies/rules";
import { changed, cluster } from "../policies/samples";

test("every version has a source and two dates in order, a minor version after the other", () => {
  for (const v of EKS_VERSIONS) {
    expect(v.source.length).toBeGreaterThan(8);
    expect(v.standardUntil < v.extendedUntil).toBe(true);
    expect(Date.parse(v.standardUntil)).not.toBeNaN();
  }
  const minors = EKS_VERSIONS.map((v) => Number(v.version.split(".")[1]));
  expect(minors).toEqual(minors.map((_, i) => minors[0]! + i));
});

test.each([
  ["1.34", "2026-12-01", "standard"],
  ["1.34", "2026-12-02", "extended"],
  ["1.34", "2027-12-02", "ended"],
  ["1.19", "2026-01-01", "ended"],
  ["1.99", "2026-01-01", "unknown"],
  ["latest", "2026-01-01", "unknown"],
])("%s on %s is %s", (version, day, expected) => {
  expect(eksSupport(version, day)).toBe(expected);
});

test("says nothing two months ahead, then how many days are left, then what it costs, then that AWS upgrades it", () => {
  expect(eksVersionNotice("1.34", "2026-10-02")).toBeNull();
  expect(eksVersionNotice("1.34", "2026-11-21")).toMatch(/in 11 days, on 2026-12-02/);
  expect(eksVersionNotice("1.34", "2026-12-02")).toMatch(/six times the price until 2027-12-02/);
  expect(eksVersionNotice("1.34", "2028-01-01")).toMatch(/out of support/);
  expect(eksVersionNotice("1.99", "2026-01-01")).toBeUndefined();
});

test("a version AWS no longer makes is refused, one the table does not know is not", () => {
  expect(eksVersionProblem("1.30", "version")).toMatchObject({ code: "version-out-of-support", received: '"1.30"' });
  expect(eksVersionProblem("1.31", "version")).toBeNull();
  expect(eksVersionProblem("1.99", "version")).toBeNull();
});

test("the policy cannot decide on a version nobody has dates for", () => {
  const said = evaluate(
    [changed(cluster, "version", "1.99")],
    rules.filter((r) => r.name === "eks-version-supported"),
    "2026-06-01",
  );
  expect(said).toMatchObject([{ verdict: "undecided", message: expect.stringContaining("end of support of 1.99") }]);
});

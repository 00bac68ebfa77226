// That the page of verdicts cannot hide anything.
import { disagreement, type Finding, verdictsOn } from "./verdicts";

const page = (...rows: string[]): string =>
  ["# Page", "## judge", "| check | resource | verdict | reason |", "| - | - | - | - |", ...rows, "## other"].join(
    "\n",
  );
const row = (check: string, resource: string): string =>
  `| ${check} | \`${resource}\` | wrong | the judge looks elsewhere for it |`;
const finding = (check: string, resource: string): Finding => ({ check, resource, says: "it failed", fleet: "eks" });
const agreed = { unjudged: [], stale: [], twice: [] };

test("a verdict covers its own check on the resources it names, and nothing else", () => {
  const rows = verdictsOn("judge", page(row("A", "Pod.*[ship]")));
  expect(disagreement([finding("A", "Pod.one.two[ship]")], rows)).toEqual(agreed);
  const others = [finding("A", "Pod.one.two[other]"), finding("B", "Pod.one.two[ship]"), finding("A", "XPod.a[ship]")];
  expect(disagreement([finding("A", "Pod.one[ship]"), ...others], rows).unjudged).toEqual([
    "A | it failed | Pod.one.two[other] and 1 more",
    "B | it failed | Pod.one.two[ship]",
  ]);
});

test("a verdict on nothing is stale, and two on one thing are one too many", () => {
  const rows = verdictsOn("judge", page(row("A", "Pod.*"), row("A", "Pod.one"), row("C", "*")));
  expect(disagreement([finding("A", "Pod.one")], rows)).toEqual({
    unjudged: [],
    stale: ["C *"],
    twice: ["A | it failed | Pod.one"],
  });
});

test.each([
  ["| A | `Pod.*` | fine | the judge looks elsewhere for it |", /verdict fine; accepted: wrong, on purpose, elsewhere/],
  ["| A | `Pod.*` | wrong | |", /no reason/],
  ["| A | `Pod.*` | wrong |", /3 cells where four belong/],
])("a row that says too little is refused: %s", (broken, message) => {
  expect(() => verdictsOn("judge", page(broken))).toThrow(message);
});

test("a judge without a heading is not a judge without disagreement", () => {
  expect(() => verdictsOn("nobody", page())).toThrow(/no heading nobody/);
});

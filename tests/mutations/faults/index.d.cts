/** One deliberate fault: `find` stands exactly once in `file` and is exchanged for `replace`. */
interface Fault {
  id: string;
  /** Folder of the house it stands in. */
  part: "planner" | "policies" | "components" | "stacks" | "preview";
  /** What is wrong with it, in a few words. */
  title: string;
  file: string;
  find: string;
  replace: string;
  /** Where it should be noticed, cheapest first: paths of `npm test`; then files of test:engine and test:cluster. */
  suites: (string | { path: string; env?: Record<string, string> })[];
}
declare const faults: Fault[];
export = faults;

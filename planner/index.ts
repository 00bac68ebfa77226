// The planner: pure functions from requirements to a plan and its recorded architecture.
export * from "./requirements/schema";
export { type Problem, problemText } from "./requirements/problem";
export {
  checkRequirements,
  type Loaded,
  loadRequirements,
  MAX_FILE_BYTES,
  type Rates,
  readObject,
} from "./requirements/load";
export { nearest, schemaProblems } from "./requirements/schema-problems";
export { applySet, type Assignments } from "./requirements/set";
export { type Catalog, defaultCatalog, type Price } from "./catalog/catalog";
export { mergePrices } from "./catalog/override";
export { LIMITS } from "./catalog/limits";
export { plan, type PlanOptions } from "./plan/plan";
export { money } from "./plan/draft";
export * from "./plan/schema";

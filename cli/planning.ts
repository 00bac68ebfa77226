// From a requirements file and the options of a command line to a plan: shared by `plan`, `preview FILE` and `init`.

export interface PlanningOptions {
  /** `path=value` each, in order. */
  set?: string[];
  /** File with prices that override the catalog. */
  prices?: string;
  /** `CUR=usd` each. */
  rate?: string[];
}

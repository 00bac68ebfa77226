// The one bootstrap and the resources of a host: pure, from a lock or from a component's arguments.
export * from "./settings";
export * from "./place";
export type { HostFile, HostStep } from "./file";
export { deliverUserData, USER_DATA_LIMIT } from "./deliver";
export { hostProblems, imageProblems, missingVersions, OPEN_IN_PREVIEW, placeProblems } from "./problems";
export { renderHost, renderSettings, type RenderedHost } from "./rendered";
export { planHost, plannedHost } from "./plan";
export type { PlannedHost, PlannedResource } from "./resources";

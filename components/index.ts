// The public API. `stacks/` and `preview/` import each component from its own folder, so that a program for one provider
// does not load the other's SDK.
export { type ArgumentProblem, ArgumentsRefused } from "./refusal";
export * from "./backup";
export * from "./bare-metal";
export * from "./doks";
export * from "./eks";
export * from "./environment";
export * from "./existing";
export * from "./fleet";
export * from "./groundseg";
export * from "./host";
export * from "./isolation";
export * from "./monitoring";
export * from "./vps";

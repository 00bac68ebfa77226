// The arithmetic is the planner's: a network is refused there by the same function that refuses it here.
export {
  cidrPlan,
  cidrProblems,
  cidrsOverlap,
  SERVICE_CIDR,
  type CidrPlanInput,
  type CidrProblem,
  type PlannedSubnet,
  type SubnetTier,
} from "../../../planner/architecture/cidr-plan";

export { AdmissionPolicies } from "./admission-policies";
export { PodSecurity, Tenant, tenantPlan, type TenantArgs } from "./tenant";
export { customerGroup, DEFAULT_QUOTA, type ApiServerAddress, type TenantQuota } from "./render/tenant";

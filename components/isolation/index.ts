export { AdmissionPolicies } from "./admission-policies";
export { PodSecurity, Tenant, type TenantArgs } from "./tenant";
export { tenantPlan, customerGroup, DEFAULT_QUOTA, type ApiServerAddress, type TenantQuota } from "./render/tenant";

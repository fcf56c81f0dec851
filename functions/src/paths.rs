//! The path templates, in the syntax that axum and API Gateway share. Each stands here once,
//! because routers that name one parameter differently cannot be merged.

pub(crate) const CONSOLE: &str = "/console";
pub(crate) const CONSOLE_START: &str = "/console/";
/// With any number of segments, which API Gateway writes as `{path+}` and OpenAPI cannot say.
pub(crate) const CONSOLE_FILE: &str = "/console/{*path}";
pub(crate) const CONSOLE_SETTINGS: &str = "/console/config.json";
pub(crate) const OPENAPI: &str = "/openapi.json";
pub(crate) const ORGANIZATIONS: &str = "/organizations";
pub(crate) const ORGANIZATION: &str = "/organizations/{organizationId}";
pub(crate) const EMAIL_DOMAINS: &str = "/organizations/{organizationId}/jit/email-domains";
pub(crate) const EMAIL_DOMAIN: &str =
    "/organizations/{organizationId}/jit/email-domains/{emailDomain}";
pub(crate) const DEFAULT_ROLES: &str = "/organizations/{organizationId}/jit/roles";
pub(crate) const DEFAULT_ROLE: &str =
    "/organizations/{organizationId}/jit/roles/{organizationRoleId}";
pub(crate) const ORGANIZATION_PREVIEW: &str = "/organizations/{organizationId}/jit/preview";
pub(crate) const PREVIEW: &str = "/jit/preview";
pub(crate) const ORGANIZATION_ROLES: &str = "/organization-roles";
pub(crate) const ORGANIZATION_ROLE: &str = "/organization-roles/{organizationRoleId}";
pub(crate) const MEMBERS: &str = "/organizations/{organizationId}/users";
pub(crate) const MEMBERS_ROLES: &str = "/organizations/{organizationId}/users/roles";
pub(crate) const MEMBER: &str = "/organizations/{organizationId}/users/{userId}";
pub(crate) const MEMBER_ROLES: &str = "/organizations/{organizationId}/users/{userId}/roles";
pub(crate) const MEMBER_ROLE: &str =
    "/organizations/{organizationId}/users/{userId}/roles/{organizationRoleId}";
pub(crate) const USERS: &str = "/users";
pub(crate) const USER: &str = "/users/{userId}";
pub(crate) const USER_ORGANIZATIONS: &str = "/users/{userId}/organizations";

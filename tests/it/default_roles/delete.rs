//! `DELETE /organizations/{organizationId}/jit/roles/{organizationRoleId}`

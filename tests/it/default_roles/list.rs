//! `GET /organizations/{organizationId}/jit/roles`

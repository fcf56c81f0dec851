//! `PUT /organizations/{organizationId}/jit/roles`

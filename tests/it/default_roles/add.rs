//! `POST /organizations/{organizationId}/jit/roles`

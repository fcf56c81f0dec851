//! `GET /organizations/{organizationId}/jit/email-domains`

//! `PUT /organizations/{organizationId}/jit/email-domains`

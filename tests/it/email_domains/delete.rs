//! `DELETE /organizations/{organizationId}/jit/email-domains/{emailDomain}`

//! `/organization-roles`

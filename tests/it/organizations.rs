//! `/organizations`

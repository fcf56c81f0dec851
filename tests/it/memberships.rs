//! `/users/{userId}/organizations`

//! `GET /users/{userId}/claims`

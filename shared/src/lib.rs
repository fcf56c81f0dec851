//! What Usher's functions have in common.

pub mod domain;

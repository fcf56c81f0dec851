//! Usher's tests.

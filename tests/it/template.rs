//! The template against the code and the tests

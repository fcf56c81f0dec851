//! Usher's Lambda functions.

//! Usher on a developer's machine.

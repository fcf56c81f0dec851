//! Usher on a developer's machine.

fn main() {}

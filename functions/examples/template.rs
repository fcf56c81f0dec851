//! Writes the files that follow from the table of functions and from the handlers. `make template`
//! runs this in the root of the repository.

use std::fs::{read_to_string, write};

fn main() {
    let current =
        |path: &str| read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    for (path, text) in functions::generated::files(current) {
        write(&path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

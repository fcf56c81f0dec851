//! Values of `If-Match`.

/// Values of `If-Match` that let a write through to what has version 2.
pub(crate) const MATCHING: [&str; 8] = [
    "\"2\"",
    "*",
    "\"1\", \"2\"",
    "\"2\",\"x\"",
    "W/\"2\"",
    "W/\"1\", \"2\"",
    ",\"1\",,\t\"2\" ,",
    " \"2\" ",
];

/// Values of `If-Match` that do not.
pub(crate) const STALE: [&str; 8] =
    ["\"1\"", "\"3\"", "\"1\", \"3\"", "W/\"1\"", "\"02\"", "\"+2\"", "\"\"", "\"other, 2\""];

/// Values that are none of `If-Match`.
pub(crate) const MALFORMED: [&str; 11] =
    ["2", "'2'", "\"2", "2\"", "\"2\" \"3\"", "\"2\"x", "w/\"2\"", "W/2", "*, \"2\"", "", " , "];

//! Events: each write tells what it changes, once, with who did it and why, and nothing else does.

mod types;

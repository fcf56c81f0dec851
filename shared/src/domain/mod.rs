//! Pure types and decisions: no I/O.

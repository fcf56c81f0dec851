//! The README's tour

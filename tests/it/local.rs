//! The process `usher-local`

//! Events: each write tells what it changes, once, with who did it and why, and nothing else does. What is
//! told comes to the bus once, in order, and is kept as activity.

mod histories;
mod load;
mod model;
mod publishing;
mod types;

pub(crate) use model::{Calls, Model};

//! The store under several writers at once, crashes, and failures of DynamoDB

mod failures;
mod limits;
mod writers;

//! What holds whatever happens: several writers at once, crashes, and a DynamoDB that fails

mod failures;
mod limits;
mod writers;

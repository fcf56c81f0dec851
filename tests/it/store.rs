//! What holds whatever happens: concurrency, crashes, and a DynamoDB that fails

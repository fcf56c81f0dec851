//! A user signs up at a Cognito emulator with an ordinary client

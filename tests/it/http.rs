//! What every HTTP function does alike

mod claims;
mod cold_start;
mod log;
mod next_trigger;
mod post_confirmation;
mod pre_token_generation;
mod tls;
mod token_cache;

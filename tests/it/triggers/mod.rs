mod claims;
mod cold_start;
mod post_confirmation;
mod pre_token_generation;

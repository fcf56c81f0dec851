mod decision;
mod email_address;
mod email_domain;
mod ids;
mod jit;
mod public_mailbox;
mod rule;
mod text;

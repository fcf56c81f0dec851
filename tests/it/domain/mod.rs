mod email_address;
mod email_domain;
mod public_mailbox;

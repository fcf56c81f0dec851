mod post_confirmation;

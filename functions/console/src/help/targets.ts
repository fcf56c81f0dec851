/** What the console links to: documents and their anchors. A test checks that each exists. */
export const TARGETS = [
  'errors',
  'parameters#PublicMailboxExceptions',
  'security#deleting-a-person',
  'security#what-is-kept-and-for-how-long',
  'security#who-can-become-a-member',
  'security#who-is-trusted-with-what',
  'tokens',
  'tokens#when-they-change',
] as const;

/** A document, or an anchor in it. Each problem code is an anchor in `errors`. */
export type HelpTarget = (typeof TARGETS)[number] | `errors#${string}`;

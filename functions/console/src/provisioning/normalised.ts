/**
 * A domain in the form in which the API stores it: lower-case ASCII without a dot at the end. A text
 * of another kind, such as an address, stays as it is: the API says what is wrong with it. So does a
 * name with invisible characters, which the API refuses rather than drops.
 */
export function normalised(text: string): string {
  if (!HOST.test(text) || /\p{Default_Ignorable_Code_Point}/u.test(text)) return text;
  return asciiForm(text).toLowerCase().replace(/\.$/, '');
}

/** Letters of any script, digits, marks, hyphens and dots, of which there are three more in Unicode. */
const HOST = /^[\p{L}\p{M}\p{N}.\-。．｡]+$/u;

function asciiForm(text: string): string {
  if (/^[a-z0-9.-]+$/i.test(text)) return text;
  const url = `http://${text}`;
  return URL.canParse(url) ? new URL(url).hostname : text;
}

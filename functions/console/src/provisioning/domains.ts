/** The domains in a typed or pasted text, separated by commas, semicolons, spaces or lines. */
export function splitDomains(text: string): string[] {
  return text.split(/[\s,;]+/).filter((part) => part !== '');
}

/** What becomes of a text that is taken into a list of domains. */
export interface TakenIn {
  /** The list, with the new domains at its end. */
  domains: string[];
  /** The domains of the text that the list had already. */
  repeated: string[];
  /** What stays in the field: a single domain that the list had already. */
  text: string;
}

/** Takes the domains of a text into a list that does not have them yet. */
export function takenIn(domains: readonly string[], text: string): TakenIn {
  const seen = new Set(domains);
  const parts = splitDomains(text);
  const added: string[] = [];
  const repeated: string[] = [];
  for (const domain of parts.map(normalised)) {
    (seen.has(domain) ? repeated : added).push(domain);
    seen.add(domain);
  }
  const [only = ''] = parts;
  return {
    domains: [...domains, ...added],
    repeated,
    text: parts.length === 1 && repeated.length === 1 ? only : '',
  };
}

/** Says which domains of a text the list had already; nothing if there are none. */
export function sayRepeated(repeated: readonly string[]): string | undefined {
  const [first] = repeated;
  if (first === undefined) return undefined;
  if (repeated.length === 1) return `${first} is already listed.`;
  const named = repeated.slice(0, MOST_NAMED).join(', ');
  const rest = repeated.length - MOST_NAMED;
  return `${repeated.length} domains are already listed: ${named}${rest > 0 ? ` and ${rest} more` : ''}.`;
}

const MOST_NAMED = 3;

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

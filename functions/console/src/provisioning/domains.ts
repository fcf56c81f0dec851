import { sortedOut } from './changes';
import { normalised } from './normalised';
import { partsOf } from './pasted';

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
  const parts = partsOf(text);
  const { added, repeated } = sortedOut(domains, parts.map(normalised));
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

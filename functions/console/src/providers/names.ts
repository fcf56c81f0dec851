import { sortedOut } from '../provisioning/changes';

/**
 * The names of identity providers in a typed or pasted text, separated by spaces or lines. A name has
 * no spaces, and may have any punctuation: a comma separates only before a space.
 */
export function splitNames(text: string): string[] {
  return text.split(/[,;]?\s+/).filter((part) => part !== '');
}

/** The names of a text that a list has already, and those that it does not have, each once. */
export function sorted(
  listed: Iterable<string>,
  text: string,
): { added: string[]; repeated: string[] } {
  return sortedOut(listed, splitNames(text));
}

/** Says which names of a text a list had already; nothing if there are none. */
export function sayRepeated(repeated: readonly string[]): string | undefined {
  if (repeated.length === 0) return undefined;
  const names = [...new Set(repeated)];
  return names.length === 1
    ? `${names[0]} is already listed.`
    : `These are already listed: ${names.join(', ')}.`;
}

import type { Role } from '../api/types';

/** A role with its name in the form that is searched. */
export interface Searchable {
  role: Role;
  folded: string;
}

/** How well a name fits a search; less is better. */
const RANKS = { name: 0, start: 1, word: 2, within: 3 } as const;

export interface Match {
  role: Role;
  /** Whether the text begins the name or one of its words, so that it is likely to be meant. */
  likely: boolean;
}

/** The roles in the form that {@link ranked} takes. */
export function searchable(roles: readonly Role[]): Searchable[] {
  return roles.map((role) => ({ role, folded: folded(role.name) }));
}

/**
 * The roles whose names contain a text: first the one that it names, then names that begin with it,
 * then names with a word that begins with it, then others. Otherwise they stay in their order.
 */
export function ranked(roles: readonly Searchable[], text: string): Match[] {
  return withRanks(roles, ({ folded }) => folded, text).map(({ item: { role }, rank }) => ({
    role,
    likely: rank !== RANKS.within,
  }));
}

/** Items whose names contain a text, in the order of {@link ranked}. */
export function inOrderOfFit<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
  text: string,
): Item[] {
  return withRanks(items, (item) => folded(nameOf(item)), text).map(({ item }) => item);
}

function withRanks<Item>(
  items: readonly Item[],
  foldedNameOf: (item: Item) => string,
  text: string,
) {
  const wanted = folded(text);
  return items
    .map((item) => ({ item, rank: rankOf(foldedNameOf(item), wanted) }))
    .filter(({ rank }) => rank !== undefined)
    .toSorted((one, other) => (one.rank ?? 0) - (other.rank ?? 0));
}

function rankOf(name: string, wanted: string): number | undefined {
  if (name === wanted) return RANKS.name;
  if (name.startsWith(wanted)) return RANKS.start;
  for (let at = name.indexOf(wanted); at !== -1; at = name.indexOf(wanted, at + 1)) {
    if (!/[\p{L}\p{N}]$/u.test(name.slice(0, at))) return RANKS.word;
  }
  return name.includes(wanted) ? RANKS.within : undefined;
}

/**
 * Whether two texts are the same name to the API, apart from letters that only look alike
 * (docs/adr/0025): case and white space do not matter, but accents do.
 */
export function isSameName(one: string, other: string): boolean {
  return inOneCase(one.normalize('NFKC')) === inOneCase(other.normalize('NFKC'));
}

/** A text as it is searched: without accents, and in one case. */
function folded(text: string): string {
  return inOneCase(text.normalize('NFKD').replace(/[\u0300-\u036f]/g, ''));
}

/**
 * A text in upper case, which treats letters alike that lower case keeps apart: `ß` and `ss`, the two
 * small sigmas, and the dotless `ı` of Turkish.
 */
function inOneCase(text: string): string {
  return text.toUpperCase().replace(/\s+/g, ' ').trim();
}

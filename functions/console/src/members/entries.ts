import type { User } from '../api/types';

/** An account that an entry may mean. */
export interface Account extends User {
  /** Whether its owner has proven the address of the entry; an id needs no proof. */
  isProven: boolean;
  isMember: boolean;
  /** Whether they were a member, and somebody has removed them. */
  isRemoved: boolean;
  /** Whether they asked to join, and somebody has declined it. */
  isDeclined: boolean;
  /** Whether they ask to join. */
  isAsking: boolean;
}

/**
 * The accounts that are added if nobody chooses: the only one that has proven the address. An
 * account that only claims an address is never chosen like this, since anybody can sign up with
 * the address of somebody else.
 */
export function chosenByDefault(accounts: readonly Account[]): string[] {
  const [only, another] = accounts.filter(({ isProven }) => isProven);
  return only && !another && !only.isMember ? [only.id] : [];
}

/** Splits a pasted list into addresses and ids. `Jane <jane@acme.example>` is one address. */
export function entriesIn(text: string): string[] {
  return text
    .replace(/[^,;<>\r\n]*<([^<>]+)>/g, '$1,')
    .split(/[\s,;]+/)
    .map((entry) => entry.replace(/^mailto:/i, '').replace(/^["'(]+|["').]+$/g, ''))
    .filter((entry) => entry !== '');
}

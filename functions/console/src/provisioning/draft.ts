import { type StoredRoles, withStored } from '../roles/newRoles';
import { type Changes, changes, isChanged, merge } from './changes';

/** A list as it was last read, and its version. */
export interface Listed {
  items: string[];
  etag: string;
}

export const LISTS = ['roles', 'domains'] as const;
export type List = (typeof LISTS)[number];

/** A JIT configuration: email domains, and the ids of default roles. */
export type Configuration = Record<List, Listed>;

/** A configuration that is being edited. */
export interface Draft {
  /** What was saved when the editing began, or at the last save or merge. */
  base: Configuration;
  /** Also has the default roles that are created when the draft is saved (roles/newRoles.ts). */
  mine: Record<List, string[]>;
  /** What somebody else changed in the meantime. */
  theirs?: Record<List, Changes>;
}

export function draftOf(base: Configuration): Draft {
  return { base, mine: { roles: base.roles.items, domains: base.domains.items } };
}

/** The unsaved changes of a list. */
export function unsaved({ base, mine }: Draft, list: List): Changes {
  return changes(base[list].items, mine[list]);
}

export function isUnsaved(draft: Draft): boolean {
  return LISTS.some((list) => isChanged(unsaved(draft, list)));
}

/** The draft with the ids of the new roles that are stored by now. */
export function withRoles(draft: Draft, stored: StoredRoles): Draft {
  return { ...draft, mine: { ...draft.mine, roles: withStored(draft.mine.roles, stored) } };
}

/** The draft after one list was saved. */
export function withSaved(draft: Draft, list: List, saved: Listed): Draft {
  return { ...draft, base: { ...draft.base, [list]: saved } };
}

/** The draft on top of the current configuration, with what somebody else has changed. */
export function rebased({ base, mine }: Draft, now: Configuration): Draft {
  const theirs = (list: List) => changes(base[list].items, now[list].items);
  const merged = (list: List) => merge(base[list].items, mine[list], now[list].items);
  return {
    base: now,
    mine: { roles: merged('roles'), domains: merged('domains') },
    theirs: { roles: theirs('roles'), domains: theirs('domains') },
  };
}

import {
  areProvidersChanged,
  mergeProviders,
  type ProvidersChanges,
  providersChanges,
} from '../providers/changes';
import type { ListedProviders } from '../providers/save';
import type { Providers } from '../providers/settings';
import { type StoredRoles, withStored } from '../roles/newRoles';
import { type Changes, changes, isChanged, merge } from './changes';

/** A list as it was last read, and its version. */
export interface Listed {
  items: string[];
  etag: string;
}

export const LISTS = ['roles', 'domains'] as const;
export type List = (typeof LISTS)[number];

/** Everything that a draft can change. */
export type Part = List | 'providers';

/** A JIT configuration: email domains, the ids of default roles, and identity providers. */
export type Configuration = Record<List, Listed> & { providers: ListedProviders };

/** A configuration that is being edited. */
export interface Draft {
  /** What was saved when the editing began, or at the last save or merge. */
  base: Configuration;
  /** Also has the default roles that are created when the draft is saved (roles/newRoles.ts). */
  mine: Record<List, string[]> & { providers: Providers };
  /** What somebody else changed in the meantime. */
  theirs?: Theirs;
}

/** The changes of somebody else. */
export type Theirs = Record<List, Changes> & { providers: ProvidersChanges };

export function draftOf(base: Configuration): Draft {
  const { roles, domains, providers } = base;
  return { base, mine: { roles: roles.items, domains: domains.items, providers: providers.items } };
}

/** The unsaved changes of a list. */
export function unsaved({ base, mine }: Draft, list: List): Changes {
  return changes(base[list].items, mine[list]);
}

/** The unsaved changes of the identity providers. */
export function unsavedProviders({ base, mine }: Draft): ProvidersChanges {
  return providersChanges(base.providers.items, mine.providers);
}

export function isUnsaved(draft: Draft): boolean {
  return (
    LISTS.some((list) => isChanged(unsaved(draft, list))) ||
    areProvidersChanged(unsavedProviders(draft))
  );
}

/** The draft with the ids of the new roles that are stored by now. */
export function withRoles(draft: Draft, stored: StoredRoles): Draft {
  return { ...draft, mine: { ...draft.mine, roles: withStored(draft.mine.roles, stored) } };
}

/** The draft after one part was saved. */
export function withSaved<P extends Part>(draft: Draft, list: P, saved: Configuration[P]): Draft {
  return { ...draft, base: { ...draft.base, [list]: saved } };
}

/** The draft on top of the current configuration, with what somebody else has changed. */
export function rebased({ base, mine }: Draft, now: Configuration): Draft {
  const theirs = (list: List) => changes(base[list].items, now[list].items);
  const merged = (list: List) => merge(base[list].items, mine[list], now[list].items);
  const [before, after] = [base.providers.items, now.providers.items];
  return {
    base: now,
    mine: {
      roles: merged('roles'),
      domains: merged('domains'),
      providers: mergeProviders(before, mine.providers, after),
    },
    theirs: {
      roles: theirs('roles'),
      domains: theirs('domains'),
      providers: providersChanges(before, after),
    },
  };
}

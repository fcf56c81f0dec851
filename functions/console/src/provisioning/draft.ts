import type { EmailDomain } from '../api/types';
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
import {
  changedSettings,
  DEFAULTS,
  type DomainSettings,
  type Setting,
  type SomeSettings,
  settingsThatDiffer,
} from './domainSettings';
import { ownOf } from './own';

/** A list as it was last read, and its version. */
export interface Listed {
  items: string[];
  etag: string;
}

export const LISTS = ['roles', 'domains'] as const;
export type List = (typeof LISTS)[number];

/** Everything that a draft can change, in the order in which it is saved. */
export const PARTS = [...LISTS, 'providers'] as const;
export type Part = (typeof PARTS)[number];

/** What is stored about each listed domain. */
export type Rules = Readonly<Record<string, EmailDomain>>;

/** A JIT configuration: email domains with their settings, identity providers, and the ids of default roles. */
export type Configuration = Record<List, Listed> & { rules: Rules; providers: ListedProviders };

/** What I set for a domain. */
export interface DomainEdit extends SomeSettings {
  /** A new domain begins so, and lets nobody in until DNS proves who owns it. */
  ownership?: 'pending';
}

export type DomainEdits = Readonly<Record<string, DomainEdit>>;

/** The settings of a domain that somebody else changed. Their values are those of the base. */
export interface TheirSettings {
  domain: string;
  settings: Setting[];
}

/** A configuration that is being edited. */
export interface Draft {
  /** What was saved when the editing began, or at the last save or merge. */
  base: Configuration;
  /** Also has the default roles that are created when the draft is saved (roles/newRoles.ts). */
  mine: Record<List, string[]> & { edits: DomainEdits; providers: Providers };
  /** What somebody else changed in the meantime. */
  theirs?: Theirs;
}

/** The changes of somebody else. */
export type Theirs = Record<List, Changes> & {
  settings: TheirSettings[];
  providers: ProvidersChanges;
};

export function draftOf(base: Configuration): Draft {
  const { roles, domains, providers } = base;
  return {
    base,
    mine: { roles: roles.items, domains: domains.items, edits: {}, providers: providers.items },
  };
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
    domainsWithNewSettings(draft).length > 0 ||
    areProvidersChanged(unsavedProviders(draft))
  );
}

/** The stored settings of a domain; those that a new one begins with if none are stored. */
export function storedSettings({ rules }: Configuration, domain: string): DomainSettings {
  return ownOf(rules, domain) ?? DEFAULTS;
}

/** What I set for a domain. */
export function editOf({ edits }: Draft['mine'], domain: string): DomainEdit {
  return ownOf(edits, domain) ?? NO_EDIT;
}

const NO_EDIT: DomainEdit = {};

/** The settings that a domain has in the draft. */
export function settingsIn({ base, mine }: Draft, domain: string): DomainSettings {
  const { ownership: _, ...some } = editOf(mine, domain);
  return { ...storedSettings(base, domain), ...some };
}

/** The unsaved settings of a domain. */
export function newSettings({ base, mine }: Draft, domain: string): SomeSettings {
  return changedSettings(storedSettings(base, domain), editOf(mine, domain));
}

/** The domains that stay in the list and have unsaved settings. */
export function domainsWithNewSettings(draft: Draft): string[] {
  const kept = new Set(draft.base.domains.items);
  const isEdited = (domain: string) => Object.keys(newSettings(draft, domain)).length > 0;
  return editedDomains(draft).filter((domain) => kept.has(domain) && isEdited(domain));
}

/** The new domains that differ from those which are added by their names alone. */
export function newDomainsWithSettings(draft: Draft): string[] {
  const kept = new Set(draft.base.domains.items);
  const isEdited = (domain: string) =>
    editOf(draft.mine, domain).ownership !== undefined ||
    Object.keys(newSettings(draft, domain)).length > 0;
  return editedDomains(draft).filter((domain) => !kept.has(domain) && isEdited(domain));
}

function editedDomains({ mine: { domains, edits } }: Draft): string[] {
  const listed = new Set(domains);
  return Object.keys(edits).filter((domain) => listed.has(domain));
}

/** The draft with other items in a list. What I set for a new domain goes with it. */
export function withItems({ base, mine, ...rest }: Draft, list: List, items: string[]): Draft {
  if (list === 'roles') return { base, ...rest, mine: { ...mine, roles: items } };
  const known = new Set([...base.domains.items, ...items]);
  const edits = Object.entries(mine.edits).filter(([domain]) => known.has(domain));
  return {
    base,
    ...rest,
    mine: { ...mine, domains: items, edits: Object.fromEntries(edits) },
  };
}

/** The draft with other identity providers. */
export function withProviders(draft: Draft, providers: Providers): Draft {
  return { ...draft, mine: { ...draft.mine, providers } };
}

/** The draft with other settings of a domain. */
export function withEdit(draft: Draft, domain: string, edit: DomainEdit): Draft {
  const { mine } = draft;
  const edits = { ...mine.edits, [domain]: { ...editOf(mine, domain), ...edit } };
  return { ...draft, mine: { ...mine, edits } };
}

/** The draft without what I set for one member of a domain. */
export function withoutEdit(draft: Draft, domain: string, member: keyof DomainEdit): Draft {
  const { mine } = draft;
  const { [member]: _, ...edit } = editOf(mine, domain);
  return { ...draft, mine: { ...mine, edits: { ...mine.edits, [domain]: edit } } };
}

/** The draft with the ids of the new roles that are stored by now. */
export function withRoles(draft: Draft, stored: StoredRoles): Draft {
  return { ...draft, mine: { ...draft.mine, roles: withStored(draft.mine.roles, stored) } };
}

/** The draft after one part was saved. */
export function withSaved<P extends Part>(draft: Draft, list: P, saved: Configuration[P]): Draft {
  return { ...draft, base: { ...draft.base, [list]: saved } };
}

/** The draft after a domain was saved with its settings, which gave the list another version. */
export function withRule(draft: Draft, rule: EmailDomain, etag: string): Draft {
  const { base } = draft;
  const domains = { ...base.domains, etag };
  return {
    ...draft,
    base: { ...base, domains, rules: { ...base.rules, [rule.emailDomain]: rule } },
  };
}

/** The draft with only those of my settings that are not saved. */
export function withoutSavedSettings(draft: Draft): Draft {
  const changed = domainsWithNewSettings(draft).map((domain) => [
    domain,
    newSettings(draft, domain),
  ]);
  const added = newDomainsWithSettings(draft).map((domain) => [domain, editOf(draft.mine, domain)]);
  return { ...draft, mine: { ...draft.mine, edits: Object.fromEntries([...changed, ...added]) } };
}

/**
 * The draft on top of the current configuration, with what somebody else has changed. Of the settings
 * of a domain, each one that I changed stays as I set it.
 */
export function rebased(draft: Draft, now: Configuration): Draft {
  const { base, mine } = withoutSavedSettings(draft);
  const theirs = (list: List) => changes(base[list].items, now[list].items);
  const merged = (list: List) => merge(base[list].items, mine[list], now[list].items);
  const [before, after] = [base.providers.items, now.providers.items];
  return {
    base: now,
    mine: {
      roles: merged('roles'),
      domains: merged('domains'),
      edits: mine.edits,
      providers: mergeProviders(before, mine.providers, after),
    },
    theirs: {
      roles: theirs('roles'),
      domains: theirs('domains'),
      settings: theirSettings(base, now),
      providers: providersChanges(before, after),
    },
  };
}

/** The settings that differ in the domains that are listed before and after. */
function theirSettings(base: Configuration, now: Configuration): TheirSettings[] {
  const before = new Set(base.domains.items);
  return now.domains.items
    .filter((domain) => before.has(domain))
    .map((domain) => {
      const [were, are] = [storedSettings(base, domain), storedSettings(now, domain)];
      return { domain, settings: settingsThatDiffer(were, are) };
    })
    .filter(({ settings }) => settings.length > 0);
}

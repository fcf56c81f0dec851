import { ApiError } from '../api/problem';
import { saveProviders } from '../providers/save';
import { newRoleName } from '../roles/newRoles';
import { storedRoles } from '../roles/storedRoles';
import { changes, isChanged } from './changes';
import {
  type Configuration,
  type Draft,
  domainsWithNewSettings,
  editOf,
  type List,
  newDomainsWithSettings,
  newSettings,
  PARTS,
  type Part,
  unsaved,
  withRoles,
  withRule,
  withSaved,
} from './draft';
import type { Outcome, Refusal } from './outcome';
import { addDomain, changeSettings, readConfiguration, replace } from './queries';
import { refusedDomains, refusedOne, wouldBeRefused } from './refusedDomains';

/** A save that is under way. */
interface Saving {
  organizationId: string;
  /** What is left to save, on top of what is stored by now. */
  rest: Draft;
  /** The new roles that are stored by now. */
  stored: Map<string, string>;
}

/** What keeps a part from being saved as a whole, apart from an error that is thrown. */
type Stop = { now: Configuration } | { refused: Omit<Refusal, 'list' | keyof Saved> };

/** What of a draft is saved although something else was refused. */
type Saved = Pick<Refusal, 'rolesSaved' | 'domainsSaved'>;

const SAVE: Record<Part, (saving: Saving) => Promise<Stop | undefined>> = {
  roles: saveRoles,
  domains: saveDomains,
  providers: saveIdentityProviders,
};

/**
 * Saves the parts that have changed. Roles are saved before domains and identity providers, so that
 * nobody joins by a new one with the old roles.
 */
export async function save(organizationId: string, draft: Draft): Promise<Outcome> {
  const saving: Saving = { organizationId, rest: draft, stored: new Map() };
  for (const list of PARTS) {
    const stop = await SAVE[list](saving).catch((error: unknown) => stopFor(saving, error));
    const progress = { base: saving.rest.base, stored: saving.stored };
    if (!stop) continue;
    if ('now' in stop) return { kind: 'conflict', ...progress, now: stop.now };
    const refusal = { list, ...stop.refused, ...savedSince(draft, progress.base) };
    return { kind: 'refused', ...progress, refusal };
  }
  return { kind: 'saved', base: saving.rest.base, stored: saving.stored };
}

function savedSince({ base }: Draft, now: Configuration): Saved {
  return {
    rolesSaved: now.roles !== base.roles,
    domainsSaved: now.domains.items !== base.domains.items,
  };
}

/** Why an error ends the save: somebody else has saved first, or what was sent cannot be saved. */
async function stopFor({ organizationId }: Saving, error: unknown): Promise<Stop> {
  if (!isConflict(error)) return { refused: { error } };
  try {
    return { now: await readConfiguration(organizationId) };
  } catch (failure) {
    return { refused: { error: failure } };
  }
}

/**
 * Creates the new roles before it replaces the list that needs them, unless somebody else has changed
 * that list: I may drop my changes then.
 */
async function saveRoles(saving: Saving): Promise<Stop | undefined> {
  const { organizationId, rest, stored } = saving;
  if (!isChanged(unsaved(rest, 'roles'))) return undefined;
  const now = await changedBeforeNewRoles(organizationId, rest);
  if (now) return { now };
  await storedRoles(rest.mine.roles, (id, role) => stored.set(id, role.id));
  saving.rest = withRoles(rest, stored);
  await replaceList(saving, 'roles', saving.rest.mine.roles);
  return undefined;
}

/** The present configuration, if new roles are to be created and the list of roles has changed. */
async function changedBeforeNewRoles(
  organizationId: string,
  { base, mine }: Draft,
): Promise<Configuration | undefined> {
  if (mine.roles.every((role) => newRoleName(role) === undefined)) return;
  const now = await readConfiguration(organizationId);
  return now.roles.etag === base.roles.etag ? undefined : now;
}

/**
 * Replaces the list, then changes the settings of those who stay. A new domain with settings of its own
 * is added with them, one by one, so that it never lets anybody in without them. All domains are
 * checked before the first one is saved.
 */
async function saveDomains(saving: Saving): Promise<Stop | undefined> {
  const { organizationId, rest } = saving;
  const { domains } = rest.mine;
  const added = newDomainsWithSettings(rest);
  const refused = added.length > 0 && (await wouldBeRefused(organizationId, domains));
  if (refused) return { refused };
  const apart = new Set(added);
  const listed = domains.filter((domain) => !apart.has(domain));
  try {
    if (isChanged(changes(rest.base.domains.items, listed))) {
      await replaceList(saving, 'domains', listed);
    }
  } catch (error) {
    const domains = await refusedDomains(organizationId, listed, error);
    if (!domains) throw error;
    return { refused: { error, domains } };
  }
  return (await saveSettings(saving)) ?? (await addWithSettings(saving, added));
}

async function saveSettings(saving: Saving): Promise<Stop | undefined> {
  for (const domain of domainsWithNewSettings(saving.rest)) {
    const settings = newSettings(saving.rest, domain);
    const { etag } = saving.rest.base.domains;
    try {
      const changed = await changeSettings(saving.organizationId, domain, settings, etag);
      saving.rest = withRule(saving.rest, changed.rule, changed.etag);
    } catch (error) {
      if (!isRefused(error)) throw error;
      return { refused: { error, settingsOf: domain } };
    }
  }
  return undefined;
}

async function addWithSettings(
  saving: Saving,
  added: readonly string[],
): Promise<Stop | undefined> {
  const { organizationId } = saving;
  for (const domain of added) {
    try {
      const rule = await addDomain(organizationId, domain, editOf(saving.rest.mine, domain));
      const { items, etag } = saving.rest.base.domains;
      const grown = withSaved(saving.rest, 'domains', { items: [...items, domain], etag });
      saving.rest = withRule(grown, rule, etag);
    } catch (error) {
      if (!isRefused(error)) throw error;
      const domains = refusedOne(domain, error);
      return { refused: { error, ...(domains ? { domains } : { settingsOf: domain }) } };
    }
  }
  if (added.length === 0) return undefined;
  // Adding a domain gives the list a version that its answer does not name.
  const now = await readConfiguration(organizationId);
  const { items } = saving.rest.base.domains;
  saving.rest = withSaved(saving.rest, 'domains', { items, etag: now.domains.etag });
  return isChanged(changes(items, now.domains.items)) ? { now } : undefined;
}

async function saveIdentityProviders(saving: Saving): Promise<Stop | undefined> {
  const { base, mine } = saving.rest;
  const { organizationId } = saving;
  const { now, failure } = await saveProviders(organizationId, base.providers, mine.providers);
  saving.rest = withSaved(saving.rest, 'providers', now);
  if (!failure) return undefined;
  const { error, refused } = failure;
  if (refused.size === 0 || !isRefused(error)) throw error;
  return { refused: { error, providers: refused } };
}

/** Replaces a list if it still has the version of the draft. */
async function replaceList(saving: Saving, list: List, items: string[]) {
  const { etag } = saving.rest.base[list];
  const saved = await replace(saving.organizationId, list, { items, etag });
  saving.rest = withSaved(saving.rest, list, saved);
}

/** Whether the API does not accept what was sent. */
function isRefused(error: unknown): boolean {
  return error instanceof ApiError && error.status === 422 && !isConflict(error);
}

/** Whether a list, or something in it, has changed since the editing began. */
function isConflict(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 412 || error.status === 409 || CHANGED.has(error.code ?? '');
}

/** The codes of a domain or identity provider that somebody else has removed, or added. */
const CHANGED: ReadonlySet<string> = new Set([
  'email_domain.not_found',
  'email_domain.already_listed',
  'sso_connector.not_found',
]);

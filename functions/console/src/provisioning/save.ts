import { ApiError } from '../api/problem';
import { saveProviders } from '../providers/save';
import { newRoleName, type StoredRoles } from '../roles/newRoles';
import { storedRoles } from '../roles/storedRoles';
import { isChanged } from './changes';
import {
  type Configuration,
  type Draft,
  LISTS,
  type Part,
  unsaved,
  withRoles,
  withSaved,
} from './draft';
import type { Outcome, Progress } from './outcome';
import { readConfiguration, replace } from './queries';
import { refusedDomains } from './refusedDomains';

/**
 * Saves what has changed. Roles are saved before domains and providers, so that nobody joins by a new
 * one with the old roles. New roles are created before the list that needs them,
 * unless somebody else has changed that list: I may drop my changes then.
 */
export async function save(organizationId: string, draft: Draft): Promise<Outcome> {
  const stored = new Map<string, string>();
  let rest = draft;
  for (const list of LISTS) {
    if (!isChanged(unsaved(rest, list))) continue;
    try {
      if (list === 'roles') {
        const now = await changedBeforeNewRoles(organizationId, rest);
        if (now) return { kind: 'conflict', base: rest.base, stored, now };
        await storedRoles(rest.mine.roles, (id, role) => stored.set(id, role.id));
        rest = withRoles(rest, stored);
      }
      const { etag } = rest.base[list];
      const saved = await replace(organizationId, list, { items: rest.mine[list], etag });
      rest = withSaved(rest, list, saved);
    } catch (error) {
      const progress = { base: rest.base, stored };
      if (isConflict(error)) return conflict(organizationId, progress, list, draft);
      const rolesSaved = rest.base.roles !== draft.base.roles;
      const domains = list === 'domains' && (await refusedIn(organizationId, rest, error));
      return { kind: 'refused', ...progress, refusal: { list, error, rolesSaved, ...domains } };
    }
  }
  return saveRest(organizationId, rest, stored, draft);
}

/** Saves the identity providers, after the lists. */
async function saveRest(
  organizationId: string,
  rest: Draft,
  stored: StoredRoles,
  draft: Draft,
): Promise<Outcome> {
  const { base, mine } = rest;
  const { now, failure } = await saveProviders(organizationId, base.providers, mine.providers);
  const progress = { base: { ...base, providers: now }, stored };
  if (!failure) return { kind: 'saved', ...progress };
  const { error, refused } = failure;
  if (isConflict(error)) return conflict(organizationId, progress, 'providers', draft);
  const rolesSaved = base.roles !== draft.base.roles;
  const providers = refused.size > 0 && { providers: refused };
  const refusal = { list: 'providers' as const, error, rolesSaved, ...providers };
  return { kind: 'refused', ...progress, refusal };
}

/** The domains that were refused, if this is why. */
async function refusedIn(organizationId: string, { mine }: Draft, error: unknown) {
  const domains = await refusedDomains(organizationId, mine.domains, error);
  return domains && { domains };
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

async function conflict(
  organizationId: string,
  progress: Progress,
  list: Part,
  draft: Draft,
): Promise<Outcome> {
  try {
    return { kind: 'conflict', ...progress, now: await readConfiguration(organizationId) };
  } catch (error) {
    const rolesSaved = progress.base.roles !== draft.base.roles;
    return { kind: 'refused', ...progress, refusal: { list, error, rolesSaved } };
  }
}

/** Whether the list has changed since the editing began. */
function isConflict(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 412 || error.status === 409);
}

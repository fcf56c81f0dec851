import { ApiError } from '../api/problem';
import { newRoleName } from '../roles/newRoles';
import { storedRoles } from '../roles/storedRoles';
import { isChanged } from './changes';
import {
  type Configuration,
  type Draft,
  LISTS,
  type List,
  unsaved,
  withRoles,
  withSaved,
} from './draft';
import type { Outcome, Progress } from './outcome';
import { readConfiguration, replace } from './queries';
import { refusedDomains } from './refusedDomains';

/**
 * Saves the lists that have changed. Roles are saved before domains, so that nobody joins by a new
 * domain with the old roles. New roles are created before the list that needs them,
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
  return { kind: 'saved', base: rest.base, stored };
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
  list: List,
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

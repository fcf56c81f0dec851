import { ApiError } from '../api/problem';
import { storedRoles } from '../roles/storedRoles';
import { isChanged } from './changes';
import { type Draft, LISTS, type List, unsaved, withRoles, withSaved } from './draft';
import type { Outcome, Progress } from './outcome';
import { readConfiguration, replace } from './queries';
import { refusedDomains } from './refusedDomains';

/**
 * Saves the lists that have changed. Roles are saved before domains, so that nobody joins by a new
 * domain with the old roles. New roles are created before the list that needs them.
 */
export async function save(organizationId: string, draft: Draft): Promise<Outcome> {
  const stored = new Map<string, string>();
  let rest = draft;
  for (const list of LISTS) {
    if (!isChanged(unsaved(rest, list))) continue;
    try {
      if (list === 'roles') {
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
      const refusal = { list, error, rolesSaved };
      if (list === 'roles') return { kind: 'refused', ...progress, refusal };
      const domains = await refusedDomains(organizationId, rest.mine.domains, error);
      return { kind: 'refused', ...progress, refusal: { ...refusal, ...(domains && { domains }) } };
    }
  }
  return { kind: 'saved', base: rest.base, stored };
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

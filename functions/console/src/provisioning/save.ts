import { ApiError } from '../api/problem';
import { isChanged } from './changes';
import { type Draft, LISTS, type List, rebased, unsaved, withSaved } from './draft';
import { readConfiguration, replace } from './queries';
import { reasonsOf } from './reasons';

/** The result of saving. */
export type Outcome =
  | { kind: 'saved' }
  /** Somebody else saved first: the draft now contains their changes too. */
  | { kind: 'conflict'; draft: Draft }
  /** A list was refused; the draft contains what is not saved yet. */
  | {
      kind: 'refused';
      draft: Draft;
      list: List;
      error: unknown;
      reasons: Record<string, string>;
      rolesSaved: boolean;
    };

/**
 * Saves the lists that have changed. Roles are saved before domains, so that nobody joins by a new
 * domain with the old roles.
 */
export async function save(organizationId: string, draft: Draft): Promise<Outcome> {
  let rest = draft;
  for (const list of LISTS) {
    if (!isChanged(unsaved(rest, list))) continue;
    const items = rest.mine[list];
    try {
      const saved = await replace(organizationId, list, { items, etag: rest.base[list].etag });
      rest = withSaved(rest, list, saved);
    } catch (error) {
      if (isConflict(error)) {
        return { kind: 'conflict', draft: rebased(rest, await readConfiguration(organizationId)) };
      }
      return {
        kind: 'refused',
        draft: rest,
        list,
        error,
        reasons: reasonsOf(error, items),
        rolesSaved: rest.base.roles !== draft.base.roles,
      };
    }
  }
  return { kind: 'saved' };
}

/** Whether the list has changed since the editing began. */
function isConflict(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 412 || error.status === 409);
}

import { chunks } from '../api/batch';
import { api, orThrow } from '../api/client';
import { ApiError } from '../api/problem';

/** The most users that are added, or get roles, with one request. */
export const MOST_AT_ONCE = 100;

/** The roles of new members. */
export interface NewRoles {
  organizationRoleIds?: readonly string[];
  /**
   * Whether those who were removed get the roles that they held then, as far as these still exist,
   * instead of `organizationRoleIds`.
   */
  restoreRoles?: boolean;
}

/**
 * Adds users by hand, with roles. Those who are members already stay as they are. Calls `onAdded`
 * after each request, with the users whom it has added and those who do not exist any more.
 */
export async function add(
  organizationId: string,
  userIds: readonly string[],
  { organizationRoleIds = [], restoreRoles = false }: NewRoles,
  onAdded: (added: string[], unknown: string[]) => void,
) {
  const params = { path: { organizationId } };
  for (const some of chunks(userIds, MOST_AT_ONCE)) {
    const unknown = await withoutRefused(some, (left) => {
      const body = { userIds: left, organizationRoleIds: [...organizationRoleIds], restoreRoles };
      return orThrow(api.POST('/organizations/{organizationId}/users', { params, body }));
    });
    onAdded(
      some.filter((id) => !unknown.includes(id)),
      unknown,
    );
  }
}

/**
 * Sends a request that names users. If the API refuses some of them, sends it again without these,
 * and resolves with them.
 */
export async function withoutRefused(
  userIds: readonly string[],
  send: (userIds: string[]) => Promise<unknown>,
): Promise<string[]> {
  const refused: string[] = [];
  for (;;) {
    const left = userIds.filter((id) => !refused.includes(id));
    if (left.length === 0) return refused;
    try {
      await send(left);
      return refused;
    } catch (error) {
      const more = error instanceof ApiError ? usersIn(error, left) : [];
      if (more.length === 0) throw error;
      refused.push(...more);
    }
  }
}

/** The users in a body that the API has refused. */
function usersIn({ violations }: ApiError, userIds: string[]): string[] {
  return violations.flatMap(({ pointer }) => {
    const [, index] = /^\/userIds\/(\d+)$/.exec(pointer) ?? [];
    return userIds[Number(index)] ?? [];
  });
}

import { api, orThrow } from '../api/client';
import { ApiError } from '../api/problem';

/**
 * Lets the rules decide again about somebody who was removed or declined. Resolves with whether that
 * has changed something: not if somebody else was faster.
 */
export async function clearMarks(organizationId: string, userId: string): Promise<boolean> {
  const params = { path: { organizationId, userId } };
  try {
    await orThrow(api.DELETE('/organizations/{organizationId}/removed-users/{userId}', { params }));
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'removed_user.not_found') return false;
    throw error;
  }
}

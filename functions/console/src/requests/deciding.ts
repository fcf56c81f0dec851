import { api, orThrow } from '../api/client';
import { ApiError } from '../api/problem';
import type { JoinRequest, Member } from '../api/types';
import type { Person } from '../members/provenance';

/**
 * Makes somebody who asks to join a member. Resolves with the membership, which somebody else can
 * have made before, with other roles.
 *
 * @param organizationRoleIds by default those that the rule gives at that moment
 */
export async function approve(
  organizationId: string,
  { id: userId }: JoinRequest,
  organizationRoleIds?: readonly string[],
): Promise<Member> {
  const params = { path: { organizationId, userId } };
  const body = organizationRoleIds ? { organizationRoleIds: [...organizationRoleIds] } : {};
  const path = '/organizations/{organizationId}/join-requests/{userId}/approve';
  return (await orThrow(api.POST(path, { params, body }))).data;
}

/** Declines a request. It is a success if somebody else has declined it already. */
export async function decline(organizationId: string, { id: userId }: JoinRequest) {
  const params = { path: { organizationId, userId } };
  const path = '/organizations/{organizationId}/join-requests/{userId}/decline';
  await orThrow(api.POST(path, { params }));
}

/** Whether a request cannot be decided about any more: somebody else was faster. */
export function isDecided(error: unknown): boolean {
  return error instanceof ApiError && error.code?.startsWith('join_request.') === true;
}

/**
 * The other requests with the same addresses among those that are loaded: declining or removing a user
 * ends them too, since it is by address.
 */
export function withSameAddress(
  users: readonly Person[],
  loaded: readonly JoinRequest[],
): JoinRequest[] {
  const ids = new Set(users.map(({ id }) => id));
  const addresses = new Set(users.map(({ primaryEmail }) => primaryEmail?.toLowerCase()));
  return loaded.filter(
    ({ id, primaryEmail }) =>
      primaryEmail && addresses.has(primaryEmail.toLowerCase()) && !ids.has(id),
  );
}

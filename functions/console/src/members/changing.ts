import { batch, chunks, type Outcome } from '../api/batch';
import { api, orThrow } from '../api/client';
import { ApiError, ShownError } from '../api/problem';
import type { Member, Role } from '../api/types';
import { MOST_AT_ONCE, withoutRefused } from './adding';

type HeldRole = Member['organizationRoles'][number];

/** The roles that a change gives and takes away. What it does not name stays as it is. */
export interface RoleChange {
  added: readonly string[];
  removed: readonly string[];
}

/** A member's roles after a change, by name. */
export function rolesAfter(
  held: readonly HeldRole[],
  { added, removed }: RoleChange,
  known: readonly Role[],
): HeldRole[] {
  const kept = held.filter(({ id }) => !removed.includes(id));
  const gained = known
    .filter(({ id }) => added.includes(id) && !kept.some((role) => role.id === id))
    .map(({ id, name }) => ({ id, name }));
  return [...kept, ...gained].sort((one, other) => one.name.localeCompare(other.name));
}

/** Gives roles to a member. Fails as a whole. */
async function assign(organizationId: string, userId: string, organizationRoleIds: string[]) {
  const params = { path: { organizationId, userId } };
  const path = '/organizations/{organizationId}/users/{userId}/roles';
  await orThrow(api.POST(path, { params, body: { organizationRoleIds } }));
}

/** Takes a role from a member. It is a success if the member does not hold it, or it is deleted. */
async function unassign(organizationId: string, userId: string, organizationRoleId: string) {
  const params = { path: { organizationId, userId, organizationRoleId } };
  const path = '/organizations/{organizationId}/users/{userId}/roles/{organizationRoleId}' as const;
  try {
    await orThrow(api.DELETE(path, { params }));
  } catch (error) {
    const code = error instanceof ApiError && error.code;
    if (code !== 'member_role.not_found' && code !== 'organization_role.not_found') throw error;
  }
}

/** Changes the roles of one member. Roles that somebody else has given meanwhile stay. */
export async function changeRoles(
  organizationId: string,
  userId: string,
  { added, removed }: RoleChange,
) {
  if (added.length > 0) await assign(organizationId, userId, [...added]);
  for (const id of removed) await unassign(organizationId, userId, id);
}

/** Gives roles to members, a hundred with each request. */
export async function giveRoles(
  organizationId: string,
  members: readonly Member[],
  roleIds: readonly string[],
  onProgress?: (finished: number) => void,
): Promise<Outcome<Member, void>> {
  const outcome: Outcome<Member, void> = { done: [], failed: [] };
  const progress = () => onProgress?.(outcome.done.length + outcome.failed.length);
  const requests = chunks(members, MOST_AT_ONCE);
  const all = await batch(requests, async (some) => {
    const part = await giveTogether(organizationId, some, roleIds);
    outcome.done.push(...part.done);
    outcome.failed.push(...part.failed);
    progress();
  });
  for (const { item, error } of all.failed) {
    outcome.failed.push(...item.map((member) => ({ item: member, error })));
  }
  progress();
  return outcome;
}

/** Gives roles to members with one request; with one for each if one of them has no room. */
async function giveTogether(
  organizationId: string,
  members: readonly Member[],
  roleIds: readonly string[],
): Promise<Outcome<Member, void>> {
  const path = { organizationId };
  const organizationRoleIds = [...roleIds];
  const ids = members.map(({ id }) => id);
  try {
    const gone = await withoutRefused(ids, (userIds) => {
      const body = { userIds, organizationRoleIds };
      const call = api.POST('/organizations/{organizationId}/users/roles', {
        params: { path },
        body,
      });
      return orThrow(call);
    });
    const failed = members.filter(({ id }) => gone.includes(id));
    return {
      done: members
        .filter(({ id }) => !gone.includes(id))
        .map((item) => ({ item, result: undefined })),
      failed: failed.map((item) => ({ item, error: NOT_A_MEMBER })),
    };
  } catch (error) {
    const isFull = error instanceof ApiError && error.code === 'member_roles.limit_reached';
    if (!isFull || members.length === 1) throw error;
    return batch(members, ({ id }) => assign(organizationId, id, organizationRoleIds));
  }
}

/** Takes roles from those members who hold them. */
export function takeRoles(
  organizationId: string,
  members: readonly Member[],
  roleIds: readonly string[],
  onProgress?: (finished: number) => void,
): Promise<Outcome<Member, void>> {
  const take = async ({ id, organizationRoles }: Member) => {
    const held = organizationRoles.filter((role) => roleIds.includes(role.id));
    for (const role of held) await unassign(organizationId, id, role.id);
  };
  return batch(members, take, onProgress);
}

export const NOT_A_MEMBER = new ShownError({
  title: 'Not a member any more',
  detail: 'Somebody has removed this member in the meantime.',
});

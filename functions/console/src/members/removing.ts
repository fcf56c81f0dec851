import { api, orThrow } from '../api/client';
import { ApiError } from '../api/problem';
import type { Member } from '../api/types';
import { membersNamed } from './queries';

/** A member as they are before a removal. */
export interface Leaving {
  member: Member;
  /**
   * The other accounts with the same address that joined by a domain: a removal is by address, so
   * they are removed too.
   */
  others: Member[];
}

/** Reads what a removal would end; `undefined` if they are not a member any more. */
export async function leaving(
  organizationId: string,
  { id, primaryEmail }: Member,
): Promise<Leaving | undefined> {
  const accounts = await membersNamed(organizationId, primaryEmail ?? id);
  const member = accounts.find((account) => account.id === id);
  const others = accounts.filter((it) => it.id !== id && it.provenance.rule !== 'api');
  return member && { member, others };
}

/**
 * Removes a member. Resolves with all whose memberships have ended by it: nobody if somebody else
 * was faster.
 */
export async function remove(
  organizationId: string,
  { member, others }: Leaving,
): Promise<Member[]> {
  const params = { path: { organizationId, userId: member.id } };
  try {
    await orThrow(api.DELETE('/organizations/{organizationId}/users/{userId}', { params }));
  } catch (error) {
    if (error instanceof ApiError && error.code === 'membership.not_found') return [];
    throw error;
  }
  if (others.length === 0) return [member];
  // A membership that another of their addresses has brought about stays.
  const left = await membersNamed(organizationId, member.primaryEmail ?? member.id);
  const stays = new Set(left.map(({ id }) => id));
  return [member, ...others.filter(({ id }) => !stays.has(id))];
}

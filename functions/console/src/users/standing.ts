import type { Activity, UserClaims } from '../api/types';

/** What is known about a user's request or removal in one organization. */
export interface Standing {
  /** The organization. */
  id: string;
  /** The entry that says it; absent if it is older than what is kept. */
  entry: Activity | undefined;
}

/** Types after which no removal keeps the user out. */
const SETTLED = new Set<string>([
  'Organization.Membership.Created',
  'Organization.RemovedUser.Cleared',
]);

const REMOVED = new Set<string>([
  'Organization.Membership.Removed',
  'Organization.JoinRequest.Declined',
]);

/**
 * The organizations that a user was removed from or declined by, and has not come back to, as far as
 * the activity goes back.
 *
 * @param record the user's activity, the newest first
 */
export function removalsIn(record: readonly Activity[]): Standing[] {
  const seen = new Set<string>();
  const removals: Standing[] = [];
  for (const entry of record) {
    const { type, organizationId: id, cause } = entry;
    if (seen.has(id) || !(SETTLED.has(type) || REMOVED.has(type))) continue;
    seen.add(id);
    if (REMOVED.has(type) && cause?.reason !== 'user_deleted') removals.push({ id, entry });
  }
  return removals;
}

/** The organizations that a user asks to join now: not those whose rules would only let the user ask. */
export function requestsIn(claims: UserClaims, record: readonly Activity[]): Standing[] {
  const foreseen = new Set(claims.asksToJoin);
  const ids = claims.claims.organization_requests ?? [];
  return ids
    .filter((id) => !foreseen.has(id))
    .map((id) => ({
      id,
      entry: record.find(
        ({ type, organizationId }) =>
          organizationId === id && type === 'Organization.JoinRequest.Created',
      ),
    }));
}

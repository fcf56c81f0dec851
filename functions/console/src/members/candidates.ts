import { queryOptions } from '@tanstack/react-query';
import { inTurn } from '../api/batch';
import { api, orThrow } from '../api/client';
import { readAll } from '../api/pages';
import { ApiError } from '../api/problem';
import { organizationQuery } from '../organizations/queries';
import type { Account } from './entries';
import { askRemoved, membersNamed } from './queries';
import { isAddress } from './search';

/** How many of those who were removed are looked through, the latest first. */
const MOST_REMOVED = 1000;

const removedIdsQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...organizationQuery(organizationId).queryKey, 'removed ids'],
    queryFn: async ({ signal }) => {
      const removed = await readAll(askRemoved(organizationId), signal, { most: MOST_REMOVED });
      return removed.map(({ id }) => id);
    },
    staleTime: 60_000,
  });

/** The accounts with an address or an id. They are looked up once, as long as they are shown. */
export const accountsQuery = (organizationId: string, entry: string) =>
  queryOptions({
    queryKey: ['accounts', organizationId, entry],
    queryFn: ({ client, signal }) =>
      inTurn(async (): Promise<Account[]> => {
        const users = await usersNamed(entry, signal);
        const removed = await client.fetchQuery(removedIdsQuery(organizationId));
        return Promise.all(
          users.map(async (user) => ({
            ...user,
            isMember: (await membersNamed(organizationId, user.id)).length > 0,
            isRemoved: removed.includes(user.id),
          })),
        );
      }),
    enabled: ({ state }) => state.data === undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });

async function usersNamed(entry: string, signal: AbortSignal) {
  if (isAddress(entry)) {
    const params = { query: { email: entry } };
    const { data } = await orThrow(api.GET('/users', { params, signal }));
    return data.map(({ addressProven, ...user }) => ({ ...user, isProven: addressProven }));
  }
  const params = { path: { userId: entry } };
  try {
    const { data } = await orThrow(api.GET('/users/{userId}', { params, signal }));
    return [{ ...data, isProven: true }];
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}

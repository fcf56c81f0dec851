import { queryOptions } from '@tanstack/react-query';
import { inTurn } from '../api/batch';
import { api, orThrow } from '../api/client';
import { readAll } from '../api/pages';
import { ApiError } from '../api/problem';
import { organizationQuery } from '../organizations/queries';
import { askRequests } from '../requests/queries';
import type { Account } from './entries';
import { askRemoved, membersNamed } from './queries';
import { isAddress } from './search';

/** How many of those who were removed, and of those who ask to join, are looked through. */
const MOST_LOOKED_AT = 1000;

/** The latest who were removed or declined. */
const removedListQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...organizationQuery(organizationId).queryKey, 'all removed'],
    queryFn: ({ signal }) => readAll(askRemoved(organizationId), signal, { most: MOST_LOOKED_AT }),
    staleTime: 60_000,
  });

/** The oldest requests to join. */
const requestsListQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...organizationQuery(organizationId).queryKey, 'all requests'],
    queryFn: ({ signal }) => readAll(askRequests(organizationId), signal, { most: MOST_LOOKED_AT }),
    staleTime: 60_000,
  });

/** The accounts with an address or an id. They are looked up once, as long as they are shown. */
export const accountsQuery = (organizationId: string, entry: string) =>
  queryOptions({
    queryKey: ['accounts', organizationId, entry],
    queryFn: ({ client, signal }) =>
      inTurn(async (): Promise<Account[]> => {
        const users = await usersNamed(entry, signal);
        const removed = await client.fetchQuery(removedListQuery(organizationId));
        const requests = await client.fetchQuery(requestsListQuery(organizationId));
        return Promise.all(
          users.map(async (user) => ({
            ...user,
            isMember: (await membersNamed(organizationId, user.id)).length > 0,
            isRemoved: removed.some(({ id, declined }) => id === user.id && !declined),
            isDeclined: removed.some(({ id, declined }) => id === user.id && declined),
            isAsking: requests.some(({ id }) => id === user.id),
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

import { queryOptions } from '@tanstack/react-query';
import { ofUser } from '../activity/queries';
import { api, orThrow } from '../api/client';
import { readAll } from '../api/pages';
import { isNotFound } from '../api/problem';

/** How many entries of a user's activity are looked through for requests and removals. */
const MOST_LOOKED_AT = 500;

/** The claims of the user's next token; `null` if nothing is known about the user. */
export const claimsQuery = (userId: string) =>
  queryOptions({
    queryKey: ['user', userId, 'claims'],
    queryFn: async ({ signal }) => {
      const params = { path: { userId } };
      try {
        return (await orThrow(api.GET('/users/{userId}/claims', { params, signal }))).data;
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
    },
  });

/** The latest of what has happened to a user, of all pages at once. */
export const recordQuery = (userId: string) =>
  queryOptions({
    queryKey: ['user', userId, 'record'],
    queryFn: ({ signal }) => readAll(ofUser(userId).ask, signal, { most: MOST_LOOKED_AT }),
  });

import { queryOptions } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import { nextCursor } from '../api/pages';
import { ApiError } from '../api/problem';

/** How many organizations are shown. */
const MOST_ORGANIZATIONS = 6;

/** The organization with an ID, then those whose names begin with a text, and whether there are more. */
export const organizationsFound = (q: string) =>
  queryOptions({
    queryKey: ['search', 'organizations', q],
    queryFn: async ({ signal }) => {
      const params = { query: { q, page_size: MOST_ORGANIZATIONS } };
      const { data, headers } = await orThrow(api.GET('/organizations', { params, signal }));
      return { organizations: data, more: nextCursor(headers) !== undefined };
    },
  });

/** Which organizations would admit an address, and which of them only list its domain. */
export const admissionsFound = (email: string) =>
  queryOptions({
    queryKey: ['search', 'admissions', email],
    queryFn: async ({ signal }) =>
      (await orThrow(api.POST('/jit/preview', { body: { email }, signal }))).data,
  });

/** The accounts with an address; none if the text is not an address. */
export const accountsFound = (email: string) =>
  queryOptions({
    queryKey: ['search', 'accounts', email],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/users', { params: { query: { email } }, signal })).then(
        ({ data }) => data,
        insteadOf(400, []),
      ),
  });

/** The account with an ID; `null` if the user pool has none. */
export const accountFound = (userId: string) =>
  queryOptions({
    queryKey: ['search', 'account', userId],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/users/{userId}', { params: { path: { userId } }, signal })).then(
        ({ data }) => data,
        insteadOf(404, null),
      ),
  });

/** What an error with this status means; other errors are thrown again. */
function insteadOf<T>(status: number, meaning: T) {
  return (error: unknown): T => {
    if (error instanceof ApiError && error.status === status) return meaning;
    throw error;
  };
}

/** The organizations of a user, with the user's membership in each. */
export const membershipsFound = (userId: string) =>
  queryOptions({
    queryKey: ['search', 'memberships', userId],
    queryFn: async ({ signal }) => {
      const params = { path: { userId } };
      return (await orThrow(api.GET('/users/{userId}/organizations', { params, signal }))).data;
    },
  });

import { queryOptions } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import { isNotFound } from '../api/problem';

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

/** The organizations that the user asks to join. */
export const userRequestsQuery = (userId: string) =>
  queryOptions({
    queryKey: ['user', userId, 'requests'],
    queryFn: async ({ signal }) => {
      const params = { path: { userId } };
      return (await orThrow(api.GET('/users/{userId}/join-requests', { params, signal }))).data;
    },
  });

/** The organizations that the user was removed from, or declined by. */
export const userRemovalsQuery = (userId: string) =>
  queryOptions({
    queryKey: ['user', userId, 'removals'],
    queryFn: async ({ signal }) => {
      const params = { path: { userId } };
      return (await orThrow(api.GET('/users/{userId}/removals', { params, signal }))).data;
    },
  });

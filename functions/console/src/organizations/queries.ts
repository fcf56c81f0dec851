import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { answered, api, nextCursor } from '../api/client';

/** Organizations whose names begin with a text, by name. */
export const organizationsQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ['organizations', { q }],
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...(q && { q }), ...(pageParam && { cursor: pageParam }) };
      const { data, headers } = await answered(
        api.GET('/organizations', { params: { query }, signal }),
      );
      return { organizations: data, next: nextCursor(headers) };
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  });

export const organizationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['organization', organizationId],
    queryFn: async ({ signal }) => {
      const params = { path: { organizationId } };
      return (await answered(api.GET('/organizations/{organizationId}', { params, signal }))).data;
    },
  });

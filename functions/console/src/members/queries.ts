import { infiniteQueryOptions } from '@tanstack/react-query';
import { answered, api, nextCursor } from '../api/client';

/** An organization's members. */
export const membersQuery = (organizationId: string) =>
  infiniteQueryOptions({
    queryKey: ['organization', organizationId, 'members'],
    queryFn: async ({ pageParam, signal }) => {
      const query = pageParam ? { cursor: pageParam } : {};
      const params = { path: { organizationId }, query };
      const { data, headers } = await answered(
        api.GET('/organizations/{organizationId}/users', { params, signal }),
      );
      return { members: data, next: nextCursor(headers) };
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  });

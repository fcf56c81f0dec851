import { queryOptions } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import { pagedQuery } from '../api/pages';
import { organizationOf } from './customData';

/** The organization whose id is a text, then those whose names begin with it, in alphabetical order. */
export const organizationsQuery = (q: string) =>
  pagedQuery(['organizations', q], (cursor, signal) => {
    const params = { query: { ...(q && { q }), ...cursor } };
    return api.GET('/organizations', { params, signal });
  });

/** One organization. The keys of everything that belongs to it begin with this key. */
export const organizationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['organization', organizationId],
    queryFn: async ({ signal }) => {
      const asked = { params: { path: { organizationId } }, signal, parseAs: 'text' } as const;
      const { data } = await orThrow(api.GET('/organizations/{organizationId}', asked));
      return organizationOf(data);
    },
  });

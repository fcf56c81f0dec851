import { queryOptions } from '@tanstack/react-query';
import { answered, api } from '../api/client';
import { pagedQuery } from '../api/pages';

/** Organizations whose names begin with a text, by name. */
export const organizationsQuery = (q: string) =>
  pagedQuery(['organizations', q], (cursor, signal) => {
    const params = { query: { ...(q && { q }), ...cursor } };
    return api.GET('/organizations', { params, signal });
  });

/** An organization; the keys of what belongs to it begin with this one's. */
export const organizationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['organization', organizationId],
    queryFn: async ({ signal }) => {
      const params = { path: { organizationId } };
      return (await answered(api.GET('/organizations/{organizationId}', { params, signal }))).data;
    },
  });

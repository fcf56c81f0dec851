import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import { pagedQuery } from '../api/pages';
import { isNotFound } from '../api/problem';
import type { Organization } from '../api/types';
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
    queryFn: ({ signal }) => readOrganization(organizationId, signal),
  });

export async function readOrganization(
  organizationId: string,
  signal?: AbortSignal,
): Promise<Organization> {
  const params = { path: { organizationId } };
  const asked = { params, parseAs: 'text', ...(signal && { signal }) } as const;
  const { data, headers } = await orThrow(api.GET('/organizations/{organizationId}', asked));
  return organizationOf(data, headers);
}

/** Whether an organization that is on the screen was deleted in the meantime. */
export function useIsGone(organizationId: string): boolean {
  const { data, error } = useQuery(organizationQuery(organizationId));
  return data !== undefined && isNotFound(error);
}

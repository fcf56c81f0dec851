import { queryOptions, useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import { pagedQuery } from '../api/pages';
import { isNotFound } from '../api/problem';
import type { ApiOrganization, Organization } from '../api/types';
import type { Counts } from './counts';
import { organizationOf } from './customData';

/** The organization whose id is a text, then those whose names begin with it, in alphabetical order. */
export const organizationsQuery = (q: string) =>
  pagedQuery(['organizations', q], (cursor, signal) => {
    const params = { query: { ...(q && { q }), ...cursor } };
    return api.GET('/organizations', { params, signal });
  });

/** The members and domains of the organizations of one page of a list, by id. */
const countsOfPageQuery = (q: string, cursor: string) =>
  queryOptions({
    queryKey: [...organizationsQuery(q).queryKey, 'counts', cursor],
    queryFn: async ({ signal }) => {
      const query = { ...(q && { q }), ...(cursor && { cursor }), showCounts: true };
      const { data } = await orThrow(api.GET('/organizations', { params: { query }, signal }));
      return data.map((organization) => [organization.id, countsOf(organization)] as const);
    },
  });

/**
 * The counts of a list of organizations, by id. They are read beside the list, which shows without
 * them.
 */
export function useCountsOfList(q: string) {
  const { data: cursors = [''] } = useInfiniteQuery({
    ...organizationsQuery(q),
    select: cursorsOf,
  });
  return useQueries({
    queries: cursors.map((cursor) => countsOfPageQuery(q, cursor)),
    combine: countsOfAll,
  });
}

const cursorsOf = ({ pageParams }: { pageParams: string[] }) => pageParams;

const countsOfAll = (
  pages: { data: (readonly [string, Counts])[] | undefined; isPending: boolean }[],
) => ({
  counts: new Map(pages.flatMap(({ data = [] }) => data)),
  isPending: pages.some(({ isPending }) => isPending),
});

/** One organization. The keys of everything that belongs to it begin with this key. */
export const organizationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['organization', organizationId],
    queryFn: ({ signal }) => readOrganization(organizationId, signal),
  });

/** How many members and email domains an organization has. */
export const countsQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...organizationQuery(organizationId).queryKey, 'counts'],
    queryFn: async ({ signal }) => {
      const params = { path: { organizationId }, query: { showCounts: true } };
      return countsOf(
        (await orThrow(api.GET('/organizations/{organizationId}', { params, signal }))).data,
      );
    },
  });

function countsOf({ usersCount = 0, emailDomainsCount = 0 }: ApiOrganization): Counts {
  return { usersCount, emailDomainsCount };
}

/** The names of an organization's default roles. */
export const defaultRoleNamesQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...organizationQuery(organizationId).queryKey, 'default roles'],
    queryFn: async ({ signal }) => {
      const asked = { params: { path: { organizationId } }, signal };
      const { data } = await orThrow(api.GET('/organizations/{organizationId}/jit/roles', asked));
      return data.map(({ name }) => name);
    },
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

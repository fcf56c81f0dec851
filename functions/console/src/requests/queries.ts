import { type QueryClient, useInfiniteQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import { type Ask, pagedQuery, withIds } from '../api/pages';
import type { JoinRequest } from '../api/types';
import { organizationQuery } from '../organizations/queries';

/** How many requests the API sends at a time; it allows no more. */
const PAGE_SIZE = 100;

export const requestsKey = (organizationId: string) => [
  ...organizationQuery(organizationId).queryKey,
  'requests',
];

/** Those who ask to join an organization, the oldest first. */
export const requestsQuery = (organizationId: string) =>
  pagedQuery(requestsKey(organizationId), askRequests(organizationId));

export function askRequests(organizationId: string): Ask<JoinRequest> {
  return (cursor, signal) => {
    const params = { path: { organizationId }, query: { page_size: PAGE_SIZE, ...cursor } };
    return withIds(api.GET('/organizations/{organizationId}/join-requests', { params, signal }));
  };
}

/** The requests that are loaded now. */
export function loadedRequests(queries: QueryClient, organizationId: string): JoinRequest[] {
  const data = queries.getQueryData(requestsQuery(organizationId).queryKey);
  return data?.pages.flatMap(({ items }) => items) ?? [];
}

/** How many requests are loaded, and whether there are more; nothing until that is known. */
export function useRequestsCount(organizationId: string) {
  const { data, hasNextPage } = useInfiniteQuery(requestsQuery(organizationId));
  return data && { loaded: data.length, more: hasNextPage };
}

import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { api } from '../api/client';
import type { Page, Pages } from '../api/loadedPages';
import { type Ask, pagedQuery, readPage } from '../api/pages';
import type { Activity, EventType } from '../api/types';
import { organizationQuery } from '../organizations/queries';

/** How many entries a page has. */
const PAGE_SIZE = 50;

/** How often the newest entries are asked for while they are looked at, in milliseconds. */
const ASKED_EVERY = 3_000;

/** What is shown of an organization's activity. */
export interface Filters {
  type?: EventType;
  user?: string;
}

/** What has happened in an organization or to a user, the newest first. */
export interface Source {
  key: readonly unknown[];
  ask: Ask<Activity>;
}

export function ofOrganization(organizationId: string, filters: Filters): Source {
  return {
    key: [...organizationQuery(organizationId).queryKey, 'activity', filters],
    ask: (cursor, signal) => {
      const query = { ...filters, page_size: PAGE_SIZE, ...cursor };
      const params = { path: { organizationId }, query };
      return api.GET('/organizations/{organizationId}/activity', { params, signal });
    },
  };
}

export function ofUser(userId: string): Source {
  return {
    key: ['user', userId, 'activity'],
    ask: (cursor, signal) => {
      const params = { path: { userId }, query: { page_size: PAGE_SIZE, ...cursor } };
      return api.GET('/users/{userId}/activity', { params, signal });
    },
  };
}

/** The entries that are shown. They stay where they are until the reader wants newer ones. */
export const shownQuery = ({ key, ask }: Source) => ({
  ...pagedQuery([...key, 'shown'], ask),
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
});

/** The first page as it is now. While the browser's tab is hidden, nothing is asked. */
export const newestQuery = ({ key, ask }: Source) =>
  queryOptions({
    queryKey: [...key, 'newest'],
    queryFn: ({ signal }) => readPage(ask, undefined, signal),
    refetchInterval: ASKED_EVERY,
    retry: false,
  });

/**
 * The entries of the newest page that are not shown yet. `isGap` says that others may be between these
 * and what is shown.
 */
export function newsIn(newest: Page<Activity> | undefined, shown: readonly Activity[] | undefined) {
  if (!newest || !shown) return { news: [], isGap: false };
  const known = new Set(shown.map(({ id }) => id));
  const news = newest.items.filter(({ id }) => !known.has(id));
  const isGap = news.length > 0 && news.length === newest.items.length && newest.next !== undefined;
  return { news, isGap };
}

/** Puts entries among those that are shown, each in its place. */
export function show(queries: QueryClient, source: Source, news: readonly Activity[]) {
  queries.setQueryData<Pages<Activity>>(shownQuery(source).queryKey, (data) => {
    const [first, ...later] = data?.pages ?? [];
    if (!data || !first) return data;
    return { ...data, pages: [{ ...first, items: inOrder([...news, ...first.items]) }, ...later] };
  });
}

/** The newest first. Ids of later events are greater. */
function inOrder(entries: readonly Activity[]): Activity[] {
  return entries.toSorted((one, other) => (one.id < other.id ? 1 : -1));
}

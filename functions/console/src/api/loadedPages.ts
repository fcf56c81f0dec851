import type { InfiniteData, Query, QueryClient, QueryKey } from '@tanstack/react-query';

/** A page of a list. */
export interface Page<Item> {
  items: Item[];
  /** The cursor of the next page, if there is one. */
  next: string | undefined;
}

/** The pages of a list that are loaded. */
export type Pages<Item> = InfiniteData<Page<Item>, string>;

/**
 * A new first page, cut or filled up so that the pages that are loaded already continue it.
 * If the list has changed too much for that, the page stays as it is.
 */
export function continued<Item extends { id: string }>(
  fresh: Page<Item>,
  { pages: [first, ...later] }: Pages<Item>,
): Page<Item> {
  if (!first || later.length === 0 || !fresh.next) return fresh;
  const { next } = first;
  const [follower] = later.flatMap(({ items }) => items);
  const begin = fresh.items.findIndex(({ id }) => id === follower?.id);
  if (begin >= 0) return { items: fresh.items.slice(0, begin), next };
  const last = first.items.findIndex(({ id }) => id === fresh.items.at(-1)?.id);
  if (last < 0) return fresh;
  return { items: [...fresh.items, ...first.items.slice(last + 1)], next };
}

/**
 * Changes the loaded items of all lists under a key, as a write has changed them, without asking
 * the API. An item whose change is `undefined` is dropped.
 *
 * @param change is told the key of the list too
 */
export function changeItems<Item>(
  queries: QueryClient,
  under: QueryKey,
  change: (item: Item, queryKey: QueryKey) => Item | undefined,
) {
  for (const { queryKey } of queries.getQueryCache().findAll({ queryKey: under })) {
    queries.setQueryData<Pages<Item>>(queryKey, (data) => {
      const pages = data?.pages.map(({ items, next }) => ({
        items: items.map((item) => change(item, queryKey)).filter((item) => item !== undefined),
        next,
      }));
      return data && pages && { ...data, pages };
    });
  }
}

/** Takes the items with these ids out of all lists under a key. */
export function dropItems(queries: QueryClient, under: QueryKey, ids: ReadonlySet<string>) {
  changeItems<{ id: string }>(queries, under, (item) => (ids.has(item.id) ? undefined : item));
}

/** Whether a query is a list of which several pages are loaded. */
export function hasLaterPages({ state }: Query): boolean {
  const { pages } = (state.data ?? {}) as Partial<Pages<unknown>>;
  return Array.isArray(pages) && pages.length > 1;
}

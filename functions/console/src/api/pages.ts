import { infiniteQueryOptions, type QueryKey } from '@tanstack/react-query';
import { type Answer, orThrow } from './client';

type Ask<Item> = (cursor: { cursor?: string }, signal: AbortSignal) => Promise<Answer<Item[]>>;

/** A list that the API sends page by page. */
export function pagedQuery<Item>(queryKey: QueryKey, ask: Ask<Item>) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: async ({ pageParam, signal }) => {
      const { data, headers } = await orThrow(ask(pageParam ? { cursor: pageParam } : {}, signal));
      return { items: data, next: nextCursor(headers) };
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    select: ({ pages }) => pages.flatMap(({ items }) => items),
  });
}

/** The cursor of the next page, if there is one. */
export function nextCursor(headers: Headers): string | undefined {
  const [, url] = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '') ?? [];
  return url ? (new URL(url).searchParams.get('cursor') ?? undefined) : undefined;
}

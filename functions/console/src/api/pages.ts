import { infiniteQueryOptions, type QueryKey } from '@tanstack/react-query';
import { type Answer, orThrow } from './client';
import { continued, type Page, type Pages } from './loadedPages';
import type { WithId } from './types';

/** Asks for a page of a list: the first one, or the one at a cursor. */
export type Ask<Item> = (
  cursor: { cursor?: string },
  signal: AbortSignal,
) => Promise<Answer<Item[]>>;

/**
 * A list that the API sends page by page. When it is fetched again, only the first page is asked
 * for: each page needs the cursor of the one before, so that many pages would be many requests, one
 * after the other. The later pages stay as they are, see {@link changeItems}.
 */
export function pagedQuery<Item extends { id: string }>(queryKey: QueryKey, ask: Ask<Item>) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: async ({ client, pageParam, signal }) => {
      const loaded = client.getQueryData<Pages<Item>>(queryKey);
      const kept = loaded?.pages[loaded.pageParams.indexOf(pageParam, 1)];
      if (kept) return kept;
      const page = await readPage(ask, pageParam, signal);
      return pageParam === '' && loaded ? continued(page, loaded) : page;
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    select: itemsOf,
  });
}

/** Reads a page of a list: the first one, or the one at a cursor. */
export async function readPage<Item>(
  ask: Ask<Item>,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Page<Item>> {
  const { data, headers } = await orThrow(ask(cursor ? { cursor } : {}, signal));
  return { items: data, next: nextCursor(headers) };
}

/** Reads all pages of a list, one after the other, or only the first ones. */
export async function readAll<Item>(
  ask: Ask<Item>,
  signal: AbortSignal,
  { onProgress, most = Number.POSITIVE_INFINITY }: ReadOptions = {},
): Promise<Item[]> {
  const all: Item[] = [];
  let next: string | undefined;
  do {
    const page = await readPage(ask, next, signal);
    all.push(...page.items);
    onProgress?.(all.length);
    ({ next } = page);
  } while (next && all.length < most);
  return all;
}

interface ReadOptions {
  /** Is told how many items are read. */
  onProgress?: (read: number) => void;
  /** With this many items, no further page is read. */
  most?: number;
}

/** Calls the id of each user of a list `id`. */
export async function withIds<User extends { userId: string }>(
  call: Promise<Answer<User[]>>,
): Promise<Answer<WithId<User>[]>> {
  const { data, ...answer } = await call;
  if (!data) return answer;
  return { ...answer, data: data.map(({ userId, ...user }) => ({ ...user, id: userId })) };
}

function itemsOf<Item>({ pages }: Pages<Item>): Item[] {
  return pages.flatMap(({ items }) => items);
}

/** The cursor of the next page, if there is one. */
export function nextCursor(headers: Headers): string | undefined {
  const [, url] = /<([^>]+)>;\s*rel="next"/.exec(headers.get('link') ?? '') ?? [];
  return url ? (new URL(url).searchParams.get('cursor') ?? undefined) : undefined;
}

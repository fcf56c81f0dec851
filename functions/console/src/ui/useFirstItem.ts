import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { useEffect } from 'react';

/**
 * Loads further pages until one has an item: a page of a list can be empty, or what was in it can be
 * dropped meanwhile. Until then, the list that it returns is not known.
 */
export function useFirstItem<Item>(pages: UseInfiniteQueryResult<Item[]>) {
  const { data, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = pages;
  const isAwaited = data?.length === 0 && hasNextPage && !isFetchNextPageError;
  const isDue = isAwaited && !isFetching;
  useEffect(() => {
    if (isDue) void fetchNextPage();
  }, [isDue, fetchNextPage]);
  return { ...pages, data: isAwaited ? undefined : data };
}

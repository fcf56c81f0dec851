import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import type { Activity } from '../api/types';
import { newestQuery, newsIn, type Source, show, shownQuery } from './queries';

/** Follows what happens, and adds it to the list, by itself if the reader is at the top of it. */
export function useNews(
  source: Source,
  shown: readonly Activity[] | undefined,
  list: RefObject<HTMLElement | null>,
) {
  const queries = useQueryClient();
  const { data: newest, error, dataUpdatedAt } = useQuery(newestQuery(source));
  const [added, setAdded] = useState<readonly Activity[]>([]);
  const { news, isGap } = newsIn(newest, shown);
  const take = useCallback(() => {
    setAdded(news);
    // What is between is not known: the list begins again.
    if (isGap) void queries.resetQueries({ queryKey: shownQuery(source).queryKey });
    else show(queries, source, news);
  }, [queries, source, news, isGap]);
  const latest = useRef(take);
  useLayoutEffect(() => {
    latest.current = take;
  }, [take]);
  const isNew = news.length > 0;
  useLayoutEffect(() => {
    if (dataUpdatedAt && isNew && isAtTop(list.current)) latest.current();
  }, [dataUpdatedAt, isNew, list]);
  return { waiting: news.length, isMore: isGap, added, error, take };
}

/**
 * Whether the first entries of a list are looked at, and nothing in the list has the focus: a row that
 * moves would take what has it along.
 */
function isAtTop(list: HTMLElement | null): boolean {
  if (!list) return false;
  const { activeElement } = document;
  const isFocused = activeElement !== list && list.contains(activeElement);
  return !isFocused && list.getBoundingClientRect().top >= 0;
}

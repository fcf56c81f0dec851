import { Button } from '@mantine/core';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import classes from './list.module.css';
import { ProblemAlert } from './ProblemAlert';

type Pages = Pick<
  UseInfiniteQueryResult<InfiniteData<unknown>>,
  'hasNextPage' | 'isFetchingNextPage' | 'isFetchNextPageError' | 'error' | 'fetchNextPage'
>;

/** Goes on with a list that has another page. */
export function ShowMore({ pages }: { pages: Pages }) {
  if (!pages.hasNextPage) return null;
  return (
    <div className={classes.more}>
      {pages.isFetchNextPageError && <ProblemAlert error={pages.error} />}
      <Button
        variant="subtle"
        loading={pages.isFetchingNextPage}
        onClick={() => void pages.fetchNextPage()}
      >
        Show more
      </Button>
    </div>
  );
}

import { List, Progress, Text } from '@mantine/core';
import { useState } from 'react';
import type { Outcome } from '../api/batch';
import { problemOf, ShownError } from '../api/problem';
import type { Member } from '../api/types';
import { counted } from '../organizations/counts';
import { nameOf } from './provenance';

type Failed = Outcome<Member, unknown>['failed'];

/** An act on many members: how far it is, and with whom it has failed. */
export function useBulk(members: readonly Member[]) {
  const [finished, setFinished] = useState<number>();
  const [failed, setFailed] = useState<Failed>([]);
  const left = failed.length > 0 ? failed.map(({ item }) => item) : members;
  /** Fails if the act has failed with some of them. Repeating it goes on with these. */
  const run = async <Result,>(
    act: (
      members: readonly Member[],
      onProgress: (finished: number) => void,
    ) => Promise<Outcome<Member, Result>>,
  ) => {
    setFinished(0);
    const outcome = await act(left, setFinished);
    setFinished(undefined);
    setFailed(outcome.failed);
    return outcome;
  };
  return { left, finished, failed, run };
}

/** Fails if something has failed with some members. */
export function throwIfFailed({ done, failed }: Outcome<Member, unknown>, what: string) {
  const [first] = failed;
  if (!first) return;
  const all = done.length + failed.length;
  throw new ShownError({
    ...(all === 1
      ? problemOf(first.error)
      : {
          title: `${failed.length.toLocaleString()} of ${counted(all, 'member')} could not be ${what}`,
          detail: 'They are still selected. Try again to continue with them.',
        }),
  });
}

const MOST_LISTED = 100;

/** How far an act is, and with whom it has failed and why. */
export function BulkState({
  of: { finished, failed, left },
}: {
  of: Pick<ReturnType<typeof useBulk>, 'finished' | 'failed' | 'left'>;
}) {
  if (finished !== undefined) {
    return (
      <div>
        <Text size="sm" role="status">
          {`${finished.toLocaleString()} of ${left.length.toLocaleString()}`}
        </Text>
        <Progress aria-label="Progress" value={(100 * finished) / left.length} />
      </div>
    );
  }
  if (failed.length === 0) return null;
  return (
    <List
      size="sm"
      listStyleType="none"
      aria-label="Not done"
      mah="12rem"
      style={{ overflowY: 'auto' }}
    >
      {failed.slice(0, MOST_LISTED).map(({ item, error }) => (
        <List.Item key={item.id}>
          <strong>{nameOf(item)}</strong>: {problemOf(error).detail}
        </List.Item>
      ))}
      {failed.length > MOST_LISTED && (
        <List.Item>{`and ${(failed.length - MOST_LISTED).toLocaleString()} more`}</List.Item>
      )}
    </List>
  );
}

import { List, Progress, Text } from '@mantine/core';
import { useState } from 'react';
import type { Outcome } from '../api/batch';
import { problemOf, ShownError } from '../api/problem';
import { counted } from '../organizations/counts';
import { nameOf, type Person } from './provenance';

/** Whether an error is final: doing the same again would end in the same way. */
type IsFinal = (error: unknown) => boolean;

const NEVER: IsFinal = () => false;

/**
 * An act on many people: how far it is, with whom it has failed, and with whom it goes on if it is
 * repeated.
 */
export function useBulk<Item extends Person>(people: readonly Item[], isFinal: IsFinal = NEVER) {
  const [finished, setFinished] = useState<number>();
  const [failed, setFailed] = useState<Outcome<Item, unknown>['failed']>([]);
  const repeatable = failed.filter(({ error }) => !isFinal(error)).map(({ item }) => item);
  const left = failed.length > 0 ? repeatable : people;
  const run = async <Result,>(
    act: (
      people: readonly Item[],
      onProgress: (finished: number) => void,
    ) => Promise<Outcome<Item, Result>>,
  ) => {
    setFinished(0);
    const outcome = await act(left, setFinished);
    setFinished(undefined);
    setFailed(outcome.failed);
    return outcome;
  };
  return { left, finished, failed, run };
}

/** Fails if something has failed with some people. */
export function throwIfFailed(
  { done, failed }: Outcome<Person, unknown>,
  what: string,
  { unit = 'member', isFinal = NEVER }: { unit?: string; isFinal?: IsFinal } = {},
) {
  const [first] = failed;
  if (!first) return;
  const all = done.length + failed.length;
  if (all === 1) throw new ShownError(problemOf(first.error));
  const isOver = failed.every(({ error }) => isFinal(error));
  throw new ShownError({
    title: `${failed.length.toLocaleString()} of ${counted(all, unit)} could not be ${what}`,
    detail: isOver
      ? 'The list says why. There is nothing left to do here.'
      : 'They are still selected. Try again to continue with them.',
  });
}

const MOST_LISTED = 100;

/** How far an act is, and with whom it has failed and why. */
export function BulkState({
  of: { finished, failed, left },
}: {
  of: Pick<ReturnType<typeof useBulk<Person>>, 'finished' | 'failed' | 'left'>;
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

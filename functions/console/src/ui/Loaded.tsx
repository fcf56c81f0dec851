import type { ReactNode } from 'react';
import { Card } from './Card';
import { ErrorState } from './ErrorState';
import { Placeholder, type Shape } from './Placeholder';

interface Props<Data> {
  query: { data: Data | undefined; error: unknown; refetch: () => unknown };
  /** What is loaded, in words. */
  of: string;
  shape?: Shape;
  /** What to show instead of an empty list. */
  empty?: ReactNode;
  children: (data: Data) => ReactNode;
}

/** The data of a query; before that, that it is loading or why it failed. */
export function Loaded<Data>({ query, of: what, shape = 'table', empty, children }: Props<Data>) {
  const { data, error, refetch } = query;
  if (data !== undefined) {
    const isEmpty = Array.isArray(data) && data.length === 0;
    return isEmpty && empty ? <Card>{empty}</Card> : children(data);
  }
  return (
    <Card>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Placeholder of={what} shape={shape} />
      )}
    </Card>
  );
}

import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import { Card } from './Card';
import { ErrorState } from './ErrorState';

interface Props<Data> {
  query: { data: Data | undefined; error: unknown; refetch: () => unknown };
  /** What is loaded, in words. */
  of: string;
  /** What to show instead of an empty list. */
  empty?: ReactNode;
  children: (data: Data) => ReactNode;
}

const WIDTHS = ['88%', '64%', '76%', '52%'];

/** The data of a query; before that, that it is loading or why it failed. */
export function Loaded<Data>({ query, of: what, empty, children }: Props<Data>) {
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
        <Stack gap="md" p="lg" role="status">
          <VisuallyHidden>Loading {what}</VisuallyHidden>
          {WIDTHS.map((width) => (
            <Skeleton key={width} height={20} width={width} />
          ))}
        </Stack>
      )}
    </Card>
  );
}

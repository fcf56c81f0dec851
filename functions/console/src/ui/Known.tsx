import { VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';

interface Props<Data> {
  /** What is known, if anything. */
  data: Data | undefined;
  /** Whether it can still become known. */
  isPending: boolean;
  children: (data: Data) => ReactNode;
}

/** A detail that is read beside the rest. It never keeps the rest from being shown. */
export function Known<Data>({ data, isPending, children }: Props<Data>) {
  if (data !== undefined) return children(data);
  return (
    <>
      <span aria-hidden>{isPending ? '…' : '–'}</span>
      <VisuallyHidden>{isPending ? 'Loading' : 'Could not be read'}</VisuallyHidden>
    </>
  );
}

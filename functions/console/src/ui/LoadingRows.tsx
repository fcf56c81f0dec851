import { Skeleton, Stack, VisuallyHidden } from '@mantine/core';

const WIDTHS = ['88%', '64%', '76%', '52%'];

/** The place of a list that is on its way. */
export function LoadingRows({ of: what }: { of: string }) {
  return (
    <Stack gap="md" p="lg" role="status">
      <VisuallyHidden>Loading {what}</VisuallyHidden>
      {WIDTHS.map((width) => (
        <Skeleton key={width} height={20} width={width} />
      ))}
    </Stack>
  );
}

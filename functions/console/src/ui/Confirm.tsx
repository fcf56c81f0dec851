import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { PropsWithChildren } from 'react';
import { ProblemAlert } from './ProblemAlert';

interface Props {
  title: string;
  /** The destructive act, as its button says it. */
  act: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}

/** Asks once before something is destroyed, in words that say what. */
export function Confirm({ title, act, onConfirm, onClose, children }: PropsWithChildren<Props>) {
  const confirmed = useMutation({ mutationFn: onConfirm, onSuccess: onClose });
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack>
        <div>{children}</div>
        <ProblemAlert error={confirmed.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="red.8" loading={confirmed.isPending} onClick={() => confirmed.mutate()}>
            {act}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

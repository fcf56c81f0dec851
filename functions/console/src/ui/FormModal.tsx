import { Button, Group, Modal, Stack } from '@mantine/core';
import type { PropsWithChildren, SubmitEvent } from 'react';

interface Props {
  title: string;
  /** What its button says. */
  act: string;
  pending: boolean;
  onSubmit: () => void;
  onClose: () => void;
}

/** A short form in a dialog. */
export function FormModal({
  title,
  act,
  pending,
  onSubmit,
  onClose,
  children,
}: PropsWithChildren<Props>) {
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={submit} noValidate>
        <Stack>
          {children}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={pending}>
              {act}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

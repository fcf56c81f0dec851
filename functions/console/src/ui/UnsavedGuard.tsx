import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { ShouldBlockFn } from '@tanstack/react-router';
import { useLeaveBlocker } from './useLeaveBlocker';

interface Props {
  dirty: boolean;
  /** Drops the changes, after the user has chosen to leave without them. */
  onDiscard: () => void;
}

/** Asks before the user leaves a page with unsaved changes, within the console or to another site. */
export function UnsavedGuard({ dirty, onDiscard }: Props) {
  const { status, proceed, reset } = useLeaveBlocker(dirty, isOtherPage, true);
  if (status !== 'blocked') return null;
  const leave = () => {
    onDiscard();
    proceed();
  };
  return (
    <Modal opened onClose={reset} title="Leave without saving?">
      <Stack>
        <Text>Your changes on this page are not saved. If you leave, they are lost.</Text>
        <Group justify="flex-end">
          <Button color="red.8" onClick={leave}>
            Discard changes
          </Button>
          <Button onClick={reset} data-autofocus>
            Stay
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

const isOtherPage: ShouldBlockFn = ({ current, next }) => current.pathname !== next.pathname;

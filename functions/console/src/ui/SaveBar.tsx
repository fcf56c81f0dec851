import { Button, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { keepMessagesAbove } from './messages';
import classes from './SaveBar.module.css';

interface Props {
  /** A summary of the unsaved changes. */
  summary: ReactNode;
  saving: boolean;
  /** Whether the changes cannot be saved as they are. */
  disabled?: boolean;
  onSave: () => void;
  onDiscard: () => void;
}

/** Stays in view while there are unsaved changes. */
export function SaveBar({ summary, saving, disabled = false, onSave, onDiscard }: Props) {
  return (
    <section ref={keepMessagesAbove} className={classes.bar} aria-label="Unsaved changes">
      <Text size="sm" role="status" className={classes.summary}>
        {summary}
      </Text>
      <div className={classes.buttons}>
        <Button variant="default" disabled={saving} onClick={onDiscard}>
          Discard
        </Button>
        <Button loading={saving} disabled={disabled} onClick={onSave}>
          Save changes
        </Button>
      </div>
    </section>
  );
}

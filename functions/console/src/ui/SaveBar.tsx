import { Button, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './SaveBar.module.css';

interface Props {
  /** What there is to save. */
  summary: ReactNode;
  saving: boolean;
  /** Whether what there is cannot be saved. */
  disabled?: boolean;
  onSave: () => void;
  onDiscard: () => void;
}

/** Stays in sight as long as there is something to save. */
export function SaveBar({ summary, saving, disabled = false, onSave, onDiscard }: Props) {
  return (
    <section className={classes.bar} aria-label="Unsaved changes">
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

import { Button, Text } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { focusInvalid } from './focusInvalid';
import { keepMessagesAbove } from './messages';
import { ProblemAlert, shownByFields } from './ProblemAlert';
import classes from './SaveBar.module.css';

interface Props {
  /** A summary of the unsaved changes. */
  summary: ReactNode;
  saving: boolean;
  /** Why the last attempt to save failed, if it did. */
  error?: unknown;
  /** The fields of the page, by name: each shows its own reason. */
  fields?: object;
  /** Why the changes cannot be saved as they are, and what to do about it. */
  blocked?: ReactNode;
  onSave: () => void;
  onDiscard: () => void;
}

/** Stays in view while there are unsaved changes, and says why they could not be saved. */
export function SaveBar(props: Props) {
  const { summary, saving, error, fields = {}, blocked, onSave, onDiscard } = props;
  const marked = shownByFields(error, fields);
  const failed = Boolean(error) && !marked;
  useEffect(() => {
    if (error && marked) focusInvalid(document);
  }, [error, marked]);
  useEffect(() => {
    // The bar appears over what is being typed if that is at the bottom of the window.
    const field = document.activeElement;
    if (field?.matches('input, textarea')) field.scrollIntoView({ block: 'nearest' });
  }, []);
  const status = marked ? 'The changes are not saved. Correct the marked fields.' : summary;
  return (
    <section
      ref={keepMessagesAbove}
      className={classes.bar}
      aria-label="Unsaved changes"
      data-returns-focus
    >
      {failed && (
        <div className={classes.error}>
          <ProblemAlert error={error} focused />
        </div>
      )}
      <Text size="sm" role="status" className={classes.summary}>
        {blocked ?? status}
      </Text>
      <div className={classes.buttons}>
        <Button variant="default" disabled={saving} onClick={onDiscard}>
          Discard
        </Button>
        <Button loading={saving} disabled={Boolean(blocked)} onClick={onSave}>
          {failed ? 'Try again' : 'Save changes'}
        </Button>
      </div>
    </section>
  );
}

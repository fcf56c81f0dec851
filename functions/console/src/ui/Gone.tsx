import { Alert, Button } from '@mantine/core';
import { IconTrashX } from '@tabler/icons-react';
import classes from './Gone.module.css';

interface Props {
  /** What was deleted, such as "organization". */
  what: string;
  /** The label of the button that leaves. */
  leave: string;
  onLeave: () => void;
}

/** Stays in view on the page of something that was deleted while the page was open. */
export function Gone({ what, leave, onLeave }: Props) {
  return (
    <Alert
      className={classes.gone}
      color="red"
      role="alert"
      icon={<IconTrashX aria-hidden />}
      title={`This ${what} was deleted`}
    >
      <p>Nothing on this page can be saved any more. Copy what you want to keep.</p>
      <Button size="sm" variant="default" mt="sm" onClick={onLeave}>
        {leave}
      </Button>
    </Alert>
  );
}

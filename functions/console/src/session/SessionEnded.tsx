import { Button } from '@mantine/core';
import { drafts } from '../app/drafts';
import { FullPage } from '../ui/FullPage';
import { session } from './session';

/** Replaces every other page. Unsaved changes are kept for the next session. */
export function SessionEnded() {
  const kept = drafts.value.size > 0;
  return (
    <FullPage title="Your session has ended">
      <p>
        {kept
          ? 'Your unsaved changes are kept. Sign in again to continue where you were.'
          : 'Sign in again to continue where you were.'}
      </p>
      <Button autoFocus onClick={() => void session.value.login?.signIn()}>
        Sign in again
      </Button>
    </FullPage>
  );
}

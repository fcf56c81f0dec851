import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { drafts } from '../app/drafts';
import { Details } from '../ui/Details';
import { FullPage } from '../ui/FullPage';
import { session } from './session';
import { signInProblem } from './words';

/** Replaces every other page. Unsaved changes are kept for the next session. */
export function SessionEnded() {
  const signingIn = useMutation({ mutationFn: async () => session.value.login?.signIn() });
  const { error } = signingIn;
  const kept = drafts.value.size > 0;
  return (
    <FullPage title="Your session has ended">
      <p>
        {kept && 'Your unsaved changes are kept. '}
        Sign in again to return to the same page. What was typed in a dialog is not kept.
      </p>
      {error && (
        <div role="alert">
          <p>{signInProblem(error).detail}</p>
          <Details>{signInProblem(error).answer}</Details>
        </div>
      )}
      <Button autoFocus loading={signingIn.isPending} onClick={() => signingIn.mutate()}>
        Sign in again
      </Button>
    </FullPage>
  );
}

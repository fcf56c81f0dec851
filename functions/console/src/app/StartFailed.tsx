import { Button } from '@mantine/core';
import { PartError } from '../api/problem';
import { SignInError } from '../session/session';
import { signInProblem } from '../session/words';
import { Details } from '../ui/Details';
import { FullPage } from '../ui/FullPage';

/** Why the console has not started. Trying again keeps the address of the page. */
export function StartFailed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { title, detail, answer } = signInProblem(error);
  const isSignIn = error instanceof SignInError;
  return (
    <FullPage title={isSignIn ? title : 'Usher did not start'}>
      <div role="alert">
        {!isSignIn && <p>{title}.</p>}
        <p>{detail}</p>
        <Details>{answer}</Details>
      </div>
      {error instanceof PartError ? (
        <Button onClick={() => location.reload()}>Reload</Button>
      ) : (
        <Button onClick={onRetry}>Try again</Button>
      )}
    </FullPage>
  );
}

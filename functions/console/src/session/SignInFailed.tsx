import { Button } from '@mantine/core';
import { FullPage } from '../ui/FullPage';

export function SignInFailed({ error }: { error: unknown }) {
  return (
    <FullPage title="Signing in failed">
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <Button onClick={() => location.assign('/console')}>Try again</Button>
    </FullPage>
  );
}

import { Button } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';
import { PartError, problemOf } from '../api/problem';
import { reload } from '../session/reload';
import { Details } from './Details';
import { Notice } from './Notice';

/** Takes the place of something that could not be loaded. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { title, detail, answer, code } = problemOf(error);
  const retry = (
    <>
      {error instanceof PartError ? (
        <Button onClick={reload}>Reload</Button>
      ) : (
        <Button variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
      <Details code={code}>{answer}</Details>
    </>
  );
  return (
    <Notice icon={IconCloudOff} color="red" role="alert" title={title} action={retry}>
      {detail}
    </Notice>
  );
}

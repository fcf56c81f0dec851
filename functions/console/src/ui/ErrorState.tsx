import { Button } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';
import { problemOf } from '../api/problem';
import { Details } from './Details';
import { Notice } from './Notice';

/** Takes the place of something that could not be loaded. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { title, detail, answer, code } = problemOf(error);
  const retry = (
    <>
      <Button variant="default" onClick={onRetry}>
        Try again
      </Button>
      <Details code={code}>{answer}</Details>
    </>
  );
  return (
    <Notice icon={IconCloudOff} color="red" role="alert" title={title} action={retry}>
      {detail}
    </Notice>
  );
}

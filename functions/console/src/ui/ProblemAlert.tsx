import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { told } from '../api/problem';

/** Why something that was just tried did not work; nothing, when there is no error. */
export function ProblemAlert({ error }: { error: unknown }) {
  if (!error) return null;
  const { title, detail } = told(error);
  return (
    <Alert color="red" role="alert" title={title} icon={<IconAlertTriangle aria-hidden />}>
      {detail}
    </Alert>
  );
}

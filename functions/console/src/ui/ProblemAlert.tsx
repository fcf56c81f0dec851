import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { fieldErrors, problemOf } from '../api/problem';

interface Props {
  error: unknown;
  /** The fields of the form, by name: each shows its own reason. */
  fields?: object;
}

/** Why an action failed; nothing if there is no error, or if the fields already show all of it. */
export function ProblemAlert({ error, fields = {} }: Props) {
  const refused = Object.keys(fieldErrors(error));
  const shown = refused.length > 0 && refused.every((field) => field in fields);
  if (!error || shown) return null;
  const { title, detail } = problemOf(error);
  return (
    <Alert color="red" role="alert" title={title} icon={<IconAlertTriangle aria-hidden />}>
      {detail}
    </Alert>
  );
}

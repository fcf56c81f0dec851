import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { fieldErrors, problemOf } from '../api/problem';
import { Details } from './Details';

interface Props {
  error: unknown;
  /** The fields of the form and what was sent, by name: each field shows its own reason. */
  fields?: Readonly<Record<string, unknown>>;
  /** Whether it is the answer to what the user just did: then it takes the focus. */
  focused?: boolean;
}

/** Why an action failed; nothing if there is no error, or if the fields already show all of it. */
export function ProblemAlert({ error, fields = {}, focused = false }: Props) {
  const alert = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (error && focused) alert.current?.focus();
  }, [error, focused]);
  if (!error || shownByFields(error, fields)) return null;
  const { title, detail, answer, code } = problemOf(error, fields);
  return (
    <Alert
      ref={alert}
      tabIndex={focused ? -1 : undefined}
      color="red"
      role="alert"
      title={title}
      icon={<IconAlertTriangle aria-hidden />}
    >
      <div>{detail}</div>
      <Details code={code}>{answer}</Details>
    </Alert>
  );
}

/** Whether each reason for an error is shown by one of these fields. */
export function shownByFields(error: unknown, fields: object): boolean {
  const refused = Object.keys(fieldErrors(error));
  return refused.length > 0 && refused.every((field) => field in fields);
}

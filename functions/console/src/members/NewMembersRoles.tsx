import { Button, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { problemOf } from '../api/problem';
import { RolePicker } from '../roles/RolePicker';
import type { useDefaultRoles } from './useDefaultRoles';

interface Props {
  label: string;
  description: string;
  defaults: ReturnType<typeof useDefaultRoles>;
  /** Absent until somebody changes them: the default roles. */
  value: string[] | undefined;
  error: ReactNode;
  onChange: (value: string[]) => void;
}

/** Selects the roles of new members, as soon as the default roles are known. */
export function NewMembersRoles({ defaults, value, ...field }: Props) {
  const { ids, error, retry } = defaults;
  if (ids) return <RolePicker withLabel {...field} value={value ?? ids} />;
  if (!error) {
    return (
      <Text size="sm" c="dimmed" role="status">
        Loading the default roles…
      </Text>
    );
  }
  return (
    <Text size="sm" c="var(--mantine-color-error)" role="alert">
      {`The default roles could not be loaded. ${problemOf(error).detail}`}{' '}
      <Button size="compact-sm" variant="default" onClick={retry}>
        Try again
      </Button>
    </Text>
  );
}

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
  return <RolesAwaited what="default roles" error={error} retry={retry} />;
}

interface AwaitedProps {
  /** Which roles, in words. */
  what: string;
  error: unknown;
  retry: () => void;
}

/** Takes the place of roles that are not known yet. */
export function RolesAwaited({ what, error, retry }: AwaitedProps) {
  if (!error) {
    return (
      <Text size="sm" c="dimmed" role="status">
        Loading the {what}…
      </Text>
    );
  }
  return (
    <Text size="sm" c="var(--mantine-color-error)" role="alert">
      {`The ${what} could not be loaded. ${problemOf(error).detail}`}{' '}
      <Button size="compact-sm" variant="default" onClick={retry}>
        Try again
      </Button>
    </Text>
  );
}

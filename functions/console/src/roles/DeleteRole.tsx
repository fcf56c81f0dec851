import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import type { Role } from '../api/types';
import { Confirm } from '../ui/Confirm';
import { useIsShown } from '../ui/useIsShown';
import { usageQuery } from './queries';
import { usageOf } from './usage';

interface Props {
  role: Role;
  /** Leaves the page of the role, if that is what is shown. Not called once the dialog is closed. */
  onDeleted?: () => Promise<void>;
  onClose: () => void;
}

export function DeleteRole({ role, onDeleted, onClose }: Props) {
  const isShown = useIsShown();
  const remove = async () => {
    const params = { path: { organizationRoleId: role.id } };
    await orThrow(api.DELETE('/organization-roles/{organizationRoleId}', { params }));
    if (isShown()) await onDeleted?.();
    return `The role “${role.name}” is deleted.`;
  };
  return (
    <Confirm
      title={`Delete “${role.name}”?`}
      act="Delete role"
      onConfirm={remove}
      onClose={onClose}
    >
      <Usage of={role.id} />
      <Text mt="sm">
        Members who hold this role lose it at once, in every organization. They stay members and
        keep their other roles. Organizations no longer give it to new members.
      </Text>
      <Text mt="sm">This cannot be undone. A new role with the same name is a different role.</Text>
    </Confirm>
  );
}

/** What the deletion changes. Without it, the role can be deleted too. */
function Usage({ of: id }: { of: string }) {
  const { data, isPending } = useQuery(usageQuery(id));
  const unknown = isPending
    ? 'Counting the members who hold it…'
    : 'The members who hold it could not be counted. You can delete the role anyway.';
  return (
    <Text fw={600} role="status">
      {data ? usageOf(data) : unknown}
    </Text>
  );
}

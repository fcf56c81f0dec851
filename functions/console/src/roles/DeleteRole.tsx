import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { answered, api } from '../api/client';
import type { Role } from '../api/types';
import { Confirm } from '../ui/Confirm';
import { notify } from '../ui/notify';
import { rolesQuery } from './queries';

export function DeleteRole({ role, onClose }: { role: Role; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = async () => {
    const params = { path: { organizationRoleId: role.id } };
    await answered(api.DELETE('/organization-roles/{organizationRoleId}', { params }));
    await queries.invalidateQueries(rolesQuery);
    notify(`The role “${role.name}” is deleted.`);
  };
  return (
    <Confirm
      title={`Delete “${role.name}”?`}
      act="Delete role"
      onConfirm={remove}
      onClose={onClose}
    >
      <Text>
        Members who hold this role lose it at once, in every organization. They stay members, with
        the other roles that they have. Organizations that give it to new members stop doing so.
      </Text>
      <Text mt="sm">This cannot be undone: a new role of the same name is another role.</Text>
    </Confirm>
  );
}

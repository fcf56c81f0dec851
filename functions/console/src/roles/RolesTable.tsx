import { Menu } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import type { Role } from '../api/types';
import { Id } from '../ui/Id';
import classes from '../ui/list.module.css';
import { DangerItem, RowMenu } from '../ui/RowMenu';
import { When } from '../ui/When';

interface Props {
  roles: readonly Role[];
  onEdit: (role: Role) => void;
  onDelete: (role: Role) => void;
}

export function RolesTable({ roles, onEdit, onDelete }: Props) {
  return (
    <table className={classes.table} aria-label="Organization roles">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Id</th>
          <th scope="col">Created</th>
          <th scope="col">
            <span className={classes.hidden}>Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {roles.map((role) => (
          <tr key={role.id}>
            <td>
              <span className={classes.main}>{role.name}</span>
              {role.description && <div className={classes.dim}>{role.description}</div>}
            </td>
            <td>
              <Id>{role.id}</Id>
            </td>
            <td className={classes.dim}>
              <When at={role.createdAt} />
            </td>
            <td className={classes.actions}>
              <RowMenu of={role.name}>
                <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => onEdit(role)}>
                  Rename
                </Menu.Item>
                <DangerItem leftSection={<IconTrash size={16} />} onClick={() => onDelete(role)}>
                  Delete
                </DangerItem>
              </RowMenu>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

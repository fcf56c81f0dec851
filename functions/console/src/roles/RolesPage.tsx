import { Button } from '@mantine/core';
import { IconPencil, IconPlus, IconShield, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Role } from '../api/types';
import { DataTable, Dim, RowAction, RowMenu } from '../ui/DataTable';
import { Id } from '../ui/Id';
import { Loaded } from '../ui/Loaded';
import { Notice } from '../ui/Notice';
import { Page } from '../ui/Page';
import { When } from '../ui/When';
import { DeleteRole } from './DeleteRole';
import { rolesQuery } from './queries';
import { RoleForm } from './RoleForm';

type Open = { dialog: 'create' } | { dialog: 'edit' | 'delete'; role: Role };

export function RolesPage() {
  const roles = useQuery(rolesQuery);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const create = (
    <Button leftSection={<IconPlus size={18} />} onClick={() => setOpen({ dialog: 'create' })}>
      Create role
    </Button>
  );
  const empty = (
    <Notice icon={IconShield} title="Create your first role" action={create}>
      A role is a name that your application understands, such as “Admin” or “Viewer”. The tokens of
      a member contain the member's roles.
    </Notice>
  );
  const actions = (role: Role) => (
    <RowMenu of={role.name}>
      <RowAction icon={IconPencil} onClick={() => setOpen({ dialog: 'edit', role })}>
        Rename
      </RowAction>
      <RowAction danger icon={IconTrash} onClick={() => setOpen({ dialog: 'delete', role })}>
        Delete
      </RowAction>
    </RowMenu>
  );
  return (
    <Page
      title="Organization roles"
      lead="The roles that members can hold. All organizations share them, and each organization chooses its default roles for new members."
      actions={create}
    >
      <Loaded query={roles} of="roles" empty={empty}>
        {(rows) => (
          <DataTable
            label="Organization roles"
            rows={rows}
            columns={{
              Name: ({ name, description }) => (
                <>
                  {name}
                  {description && <Dim>{description}</Dim>}
                </>
              ),
              Id: ({ id }) => <Id>{id}</Id>,
              Created: ({ createdAt }) => <When at={createdAt} />,
            }}
            actions={actions}
          />
        )}
      </Loaded>
      {open?.dialog === 'create' && <RoleForm onClose={close} />}
      {open?.dialog === 'edit' && <RoleForm role={open.role} onClose={close} />}
      {open?.dialog === 'delete' && <DeleteRole role={open.role} onClose={close} />}
    </Page>
  );
}

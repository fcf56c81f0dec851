import { Button } from '@mantine/core';
import { IconPlus, IconShield } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Role } from '../api/types';
import { Card } from '../ui/Card';
import { Empty } from '../ui/Empty';
import { ErrorState } from '../ui/ErrorState';
import { LoadingRows } from '../ui/LoadingRows';
import { Page } from '../ui/Page';
import { DeleteRole } from './DeleteRole';
import { rolesQuery } from './queries';
import { RoleForm } from './RoleForm';
import { RolesTable } from './RolesTable';

type Open = { dialog: 'create' } | { dialog: 'edit' | 'delete'; role: Role };

export function RolesPage() {
  const { data: roles, error, refetch } = useQuery(rolesQuery);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const create = (
    <Button leftSection={<IconPlus size={18} />} onClick={() => setOpen({ dialog: 'create' })}>
      Create role
    </Button>
  );
  return (
    <Page
      title="Organization roles"
      lead="What members can be. One set for all organizations; each says which of them its new members start with."
      actions={create}
    >
      <Card>
        {!roles && !error && <LoadingRows of="roles" />}
        {!roles && error && <ErrorState error={error} onRetry={() => void refetch()} />}
        {roles?.length === 0 && (
          <Empty icon={IconShield} title="Create your first role" action={create}>
            A role is a name that your application understands, such as “Admin” or “Viewer”. It is
            in the tokens of the members who hold it.
          </Empty>
        )}
        {roles && roles.length > 0 && (
          <RolesTable
            roles={roles}
            onEdit={(role) => setOpen({ dialog: 'edit', role })}
            onDelete={(role) => setOpen({ dialog: 'delete', role })}
          />
        )}
      </Card>
      {open?.dialog === 'create' && <RoleForm onClose={close} />}
      {open?.dialog === 'edit' && <RoleForm role={open.role} onClose={close} />}
      {open?.dialog === 'delete' && <DeleteRole role={open.role} onClose={close} />}
    </Page>
  );
}

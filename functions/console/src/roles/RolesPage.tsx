import { Button } from '@mantine/core';
import { IconPencil, IconPlus, IconSearch, IconShield, IconTrash } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { type ReactNode, useCallback, useState } from 'react';
import type { Role } from '../api/types';
import { HelpLink } from '../help/HelpLink';
import { AddressSearch } from '../ui/AddressSearch';
import { Card } from '../ui/Card';
import { DataTable, Named } from '../ui/DataTable';
import { Id } from '../ui/Id';
import { Loaded } from '../ui/Loaded';
import { Notice } from '../ui/Notice';
import { Page } from '../ui/Page';
import { RowAction, RowMenu } from '../ui/RowMenu';
import { When } from '../ui/When';
import { CreateRole } from './CreateRole';
import { DeleteRole } from './DeleteRole';
import { EditRole } from './EditRole';
import { rolesQuery } from './queries';
import { ranked, searchable } from './ranking';

type Open = { dialog: 'create' } | { dialog: 'edit' | 'delete'; role: Role };

export function RolesPage() {
  const { q = '' } = useSearch({ from: '/roles' });
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
      a member contain the member’s roles.
    </Notice>
  );
  // Always the same function, so that a dialog that opens does not render each row again.
  const actions = useCallback(
    (role: Role) => (
      <RowMenu of={role.name}>
        <RowAction icon={IconPencil} onClick={() => setOpen({ dialog: 'edit', role })}>
          Edit
        </RowAction>
        <RowAction danger icon={IconTrash} onClick={() => setOpen({ dialog: 'delete', role })}>
          Delete
        </RowAction>
      </RowMenu>
    ),
    [],
  );
  return (
    <Page
      title="Organization roles"
      lead={
        <>
          The roles that members can hold. All organizations share them, and each organization
          chooses its default roles for new members.{' '}
          <HelpLink to="tokens">How an application reads them</HelpLink>
        </>
      }
      actions={create}
    >
      <Loaded query={roles} of="roles" empty={empty}>
        {(all) => (
          <>
            <AddressSearch
              from="/roles"
              label="Find roles by a part of their name or description, or by their ID"
              placeholder="Part of a name, or an ID"
            />
            <RolesTable roles={found(all, q)} q={q} actions={actions} />
          </>
        )}
      </Loaded>
      {open?.dialog === 'create' && <CreateRole onClose={close} />}
      {open?.dialog === 'edit' && <EditRole role={open.role} onClose={close} />}
      {open?.dialog === 'delete' && <DeleteRole role={open.role} onClose={close} />}
    </Page>
  );
}

const PAGE = 100;

interface TableProps {
  roles: readonly Role[];
  q: string;
  actions: (role: Role) => ReactNode;
}

function RolesTable({ roles, q, actions }: TableProps) {
  // Rows that stay when another text is searched keep their focus, so the table is the same one.
  const [more, setMore] = useState({ q, pages: 0 });
  const pages = more.q === q ? more.pages : 0;
  const shown = PAGE * (pages + 1);
  if (roles.length === 0) {
    return (
      <Card>
        <Notice icon={IconSearch} title={`No role found for “${q}”`}>
          The search looks for the text anywhere in names, descriptions and IDs.
        </Notice>
      </Card>
    );
  }
  return (
    <DataTable
      label="Organization roles"
      rows={roles.slice(0, shown)}
      columns={COLUMNS}
      actions={actions}
      pages={{
        hasNextPage: roles.length > shown,
        isFetchingNextPage: false,
        isFetchNextPageError: false,
        error: null,
        fetchNextPage: async () => setMore({ q, pages: pages + 1 }),
      }}
    />
  );
}

const COLUMNS = {
  Name: ({ id, name, description }: Role) => (
    <Named description={description ?? null}>
      <Link to="/roles/$organizationRoleId" params={{ organizationRoleId: id }} title={name}>
        {name}
      </Link>
    </Named>
  ),
  ID: ({ id }: Role) => <Id>{id}</Id>,
  Created: ({ createdAt }: Role) => <When at={createdAt} />,
};

/** The roles with a text: first those that fit by name, then those by their description or id. */
function found(roles: readonly Role[], q: string): readonly Role[] {
  if (q === '') return roles;
  const byName = ranked(searchable(roles), q).map(({ role }) => role);
  const wanted = q.toLocaleLowerCase();
  const others = roles.filter(({ id, description }) =>
    [id, description ?? ''].some((text) => text.toLocaleLowerCase().includes(wanted)),
  );
  return [...new Set([...byName, ...others])];
}

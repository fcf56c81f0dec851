import { Pill } from '@mantine/core';
import { IconShield, IconUserMinus, IconUsers } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Member } from '../api/types';
import { DataTable, Dim } from '../ui/DataTable';
import { Loaded } from '../ui/Loaded';
import { Notice } from '../ui/Notice';
import { RowAction, RowMenu } from '../ui/RowMenu';
import { When } from '../ui/When';
import { ChangeRoles } from './ChangeRoles';
import { howJoined, nameOf } from './provenance';
import { membersQuery } from './queries';
import { RemoveMember } from './RemoveMember';

type Open = { dialog: 'roles' | 'remove'; member: Member };

export function MembersTab() {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' });
  const members = useInfiniteQuery(membersQuery(organizationId));
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const empty = (
    <Notice icon={IconUsers} title="Nobody is a member yet">
      Users with a verified address in one of the email domains become members when they sign up or
      next sign in.
    </Notice>
  );
  const actions = (member: Member) => (
    <RowMenu of={nameOf(member)}>
      <RowAction icon={IconShield} onClick={() => setOpen({ dialog: 'roles', member })}>
        Change roles
      </RowAction>
      <RowAction danger icon={IconUserMinus} onClick={() => setOpen({ dialog: 'remove', member })}>
        Remove
      </RowAction>
    </RowMenu>
  );
  return (
    <>
      <Loaded query={members} of="members" empty={empty}>
        {(rows) => (
          <DataTable
            label="Members"
            rows={rows}
            columns={{
              Member: nameOf,
              Roles: (member) => <Roles of={member} />,
              Joined: ({ provenance, joinedAt }) => (
                <>
                  {howJoined(provenance)}
                  <When at={joinedAt} />
                </>
              ),
            }}
            actions={actions}
            pages={members}
          />
        )}
      </Loaded>
      {open?.dialog === 'roles' && (
        <ChangeRoles organizationId={organizationId} member={open.member} onClose={close} />
      )}
      {open?.dialog === 'remove' && (
        <RemoveMember organizationId={organizationId} member={open.member} onClose={close} />
      )}
    </>
  );
}

function Roles({ of: { organizationRoles } }: { of: Member }) {
  if (organizationRoles.length === 0) return <Dim>No roles</Dim>;
  return (
    <Pill.Group gap={4}>
      {organizationRoles.map(({ id, name }) => (
        <Pill key={id}>{name}</Pill>
      ))}
    </Pill.Group>
  );
}

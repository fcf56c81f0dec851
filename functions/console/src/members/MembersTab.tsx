import { IconUsers } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Member } from '../api/types';
import { Card } from '../ui/Card';
import { Empty } from '../ui/Empty';
import { ErrorState } from '../ui/ErrorState';
import { LoadingRows } from '../ui/LoadingRows';
import { ChangeRoles } from './ChangeRoles';
import { MembersTable } from './MembersTable';
import { membersQuery } from './queries';
import { RemoveMember } from './RemoveMember';

type Open = { dialog: 'roles' | 'remove'; member: Member };

export function MembersTab() {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' });
  const pages = useInfiniteQuery(membersQuery(organizationId));
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const members = pages.data?.pages.flatMap((page) => page.members);
  return (
    <>
      <Card>
        {pages.isPending && <LoadingRows of="members" />}
        {pages.isError && !members && (
          <ErrorState error={pages.error} onRetry={() => void pages.refetch()} />
        )}
        {members?.length === 0 && (
          <Empty icon={IconUsers} title="Nobody is a member yet">
            Whoever signs up, or next signs in, with a verified address in one of the email domains
            becomes one.
          </Empty>
        )}
        {members && members.length > 0 && (
          <MembersTable
            members={members}
            pages={pages}
            onChangeRoles={(member) => setOpen({ dialog: 'roles', member })}
            onRemove={(member) => setOpen({ dialog: 'remove', member })}
          />
        )}
      </Card>
      {open?.dialog === 'roles' && (
        <ChangeRoles organizationId={organizationId} member={open.member} onClose={close} />
      )}
      {open?.dialog === 'remove' && (
        <RemoveMember organizationId={organizationId} member={open.member} onClose={close} />
      )}
    </>
  );
}

import { List, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { readAll } from '../api/pages';
import type { Member, Role } from '../api/types';
import { counted } from '../organizations/counts';
import { ErrorState } from '../ui/ErrorState';
import { FormModal } from '../ui/FormModal';
import { BulkState, throwIfFailed, useBulk } from './bulk';
import { giveRoles } from './changing';
import { askMembers, defaultRolesQuery } from './queries';
import { useMembersChanges } from './useMembersChanges';

interface Props {
  organizationId: string;
  onClose: () => void;
}

/** Gives the default roles to the members who lack some of them, after saying how many these are. */
export function GiveDefaultRoles({ organizationId, onClose }: Props) {
  const { showRoles } = useMembersChanges(organizationId);
  const found = useLacking(organizationId);
  const lacking = found.data?.members ?? [];
  const bulk = useBulk(lacking);
  const submit = async () => {
    const added = (found.data?.roles ?? []).map(({ id }) => id);
    const outcome = await bulk.run((some, onProgress) =>
      giveRoles(organizationId, some, added, onProgress),
    );
    const done = new Set(outcome.done.map(({ item }) => item.id));
    await showRoles(done, { added, removed: [] });
    throwIfFailed(outcome, 'given the roles');
    return `The default roles were given to ${counted(done.size, 'member')}.`;
  };
  return (
    <FormModal
      title="Give the default roles"
      act={actOf(found.data && bulk.left)}
      isReady={found.isSuccess}
      initialValues={{}}
      onSubmit={submit}
      onClose={onClose}
    >
      {() => (
        <>
          {found.data ? (
            <Lacking {...found.data} />
          ) : found.error ? (
            <ErrorState error={found.error} onRetry={() => void found.refetch()} />
          ) : (
            <Text size="sm" role="status">
              {`Reading the members: ${found.read.toLocaleString()} so far`}
            </Text>
          )}
          <BulkState of={bulk} />
        </>
      )}
    </FormModal>
  );
}

/** The label of the button, for those who lack roles, once they are known. */
function actOf(lacking: readonly Member[] | undefined): string | undefined {
  if (!lacking) return 'Give the roles';
  return lacking.length > 0 ? `Give to ${counted(lacking.length, 'member')}` : undefined;
}

/** Reads all members once, and finds those who lack default roles. */
function useLacking(organizationId: string) {
  const [read, setRead] = useState(0);
  const { refetch, ...found } = useQuery({
    queryKey: ['lacking default roles', organizationId],
    queryFn: async ({ client, signal }) => {
      const roles = await client.fetchQuery(defaultRolesQuery(organizationId));
      const all = await readAll(askMembers(organizationId), signal, { onProgress: setRead });
      return {
        roles,
        members: all.filter((member) => lacked(member, roles).length > 0),
        all: all.length,
      };
    },
    // A write does not let it read everybody again.
    enabled: false,
    gcTime: 0,
  });
  useEffect(() => void refetch(), [refetch]);
  return { ...found, refetch, read };
}

/** The roles of a list that a member does not hold. */
export function lacked({ organizationRoles }: Member, roles: readonly Role[]): Role[] {
  return roles.filter(({ id }) => !organizationRoles.some((role) => role.id === id));
}

function Lacking({ members, roles, all }: { members: Member[]; roles: Role[]; all: number }) {
  if (roles.length === 0) {
    return <Text size="sm">This organization has no default roles. Select some first.</Text>;
  }
  if (members.length === 0) {
    return (
      <Text size="sm">
        Nobody lacks a default role. The organization has {counted(all, 'member')}.
      </Text>
    );
  }
  const missing = members.flatMap((member) => lacked(member, roles));
  return (
    <>
      <Text size="sm">
        {`${members.length.toLocaleString()} of ${counted(all, 'member')} ${members.length === 1 ? 'lacks' : 'lack'} at least one default role. They keep their other roles.`}
      </Text>
      <List size="sm" aria-label="Missing roles">
        {roles.map(({ id, name }) => (
          <List.Item key={id}>
            {`${name}: ${counted(missing.filter((role) => role.id === id).length, 'member')} without it`}
          </List.Item>
        ))}
      </List>
    </>
  );
}

import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { answered, api } from '../api/client';
import type { Member } from '../api/types';
import { Confirm } from '../ui/Confirm';
import { notify } from '../ui/notify';
import { nameOf } from './provenance';
import { membersQuery } from './queries';

interface Props {
  organizationId: string;
  member: Member;
  onClose: () => void;
}

export function RemoveMember({ organizationId, member, onClose }: Props) {
  const queries = useQueryClient();
  const name = nameOf(member);
  const remove = async () => {
    const params = { path: { organizationId, userId: member.id } };
    await answered(api.DELETE('/organizations/{organizationId}/users/{userId}', { params }));
    await queries.invalidateQueries(membersQuery(organizationId));
    notify(`${name} is removed.`);
  };
  return (
    <Confirm title={`Remove ${name}?`} act="Remove member" onConfirm={remove} onClose={onClose}>
      <Text>
        They lose their membership and its roles; the next token no longer says so. Signing in does
        not bring them back, nor does a new account with the same address: only adding them by hand,
        through the API.
      </Text>
    </Confirm>
  );
}

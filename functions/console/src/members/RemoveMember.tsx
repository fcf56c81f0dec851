import { Text } from '@mantine/core';
import { api, orThrow } from '../api/client';
import type { Member } from '../api/types';
import { Confirm } from '../ui/Confirm';
import { nameOf } from './provenance';

interface Props {
  organizationId: string;
  member: Member;
  onClose: () => void;
}

export function RemoveMember({ organizationId, member, onClose }: Props) {
  const name = nameOf(member);
  const remove = async () => {
    const params = { path: { organizationId, userId: member.id } };
    await orThrow(api.DELETE('/organizations/{organizationId}/users/{userId}', { params }));
    return `${name} is removed.`;
  };
  return (
    <Confirm title={`Remove ${name}?`} act="Remove member" onConfirm={remove} onClose={onClose}>
      <Text>
        They lose their membership and its roles; their next token no longer contains it. Signing in
        does not bring them back, and neither does a new account with the same address. Only adding
        them by hand through the API does.
      </Text>
    </Confirm>
  );
}

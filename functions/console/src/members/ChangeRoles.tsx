import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../api/client';
import type { Member } from '../api/types';
import { RolePicker } from '../roles/RolePicker';
import { FormModal } from '../ui/FormModal';
import { notify } from '../ui/notify';
import { ProblemAlert } from '../ui/ProblemAlert';
import { nameOf } from './provenance';
import { membersQuery } from './queries';

interface Props {
  organizationId: string;
  member: Member;
  onClose: () => void;
}

export function ChangeRoles({ organizationId, member, onClose }: Props) {
  const queries = useQueryClient();
  const [roles, setRoles] = useState(member.organizationRoles.map(({ id }) => id));
  const saving = useMutation({
    mutationFn: (organizationRoleIds: string[]) =>
      answered(
        api.PUT('/organizations/{organizationId}/users/{userId}/roles', {
          params: { path: { organizationId, userId: member.id } },
          body: { organizationRoleIds },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries(membersQuery(organizationId));
      notify(`The roles of ${nameOf(member)} are saved.`);
      onClose();
    },
  });
  return (
    <FormModal
      title={`Roles of ${nameOf(member)}`}
      act="Save"
      pending={saving.isPending}
      onSubmit={() => saving.mutate(roles)}
      onClose={onClose}
    >
      <RolePicker
        label={`Roles of ${nameOf(member)}`}
        description="In this organization. The next token says so."
        value={roles}
        onChange={setRoles}
      />
      <ProblemAlert error={saving.error} />
    </FormModal>
  );
}

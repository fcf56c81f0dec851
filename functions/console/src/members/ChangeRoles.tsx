import { api, orThrow } from '../api/client';
import type { Member } from '../api/types';
import { RolePicker } from '../roles/RolePicker';
import { storedRoles } from '../roles/storedRoles';
import { FormModal } from '../ui/FormModal';
import { nameOf } from './provenance';

interface Props {
  organizationId: string;
  member: Member;
  onClose: () => void;
}

export function ChangeRoles({ organizationId, member, onClose }: Props) {
  const label = `Roles of ${nameOf(member)}`;
  const initialValues = { organizationRoleIds: member.organizationRoles.map(({ id }) => id) };
  const save = async (values: typeof initialValues) => {
    const body = { organizationRoleIds: await storedRoles(values.organizationRoleIds) };
    const params = { path: { organizationId, userId: member.id } };
    const path = '/organizations/{organizationId}/users/{userId}/roles';
    await orThrow(api.PUT(path, { params, body }));
    return `The roles of ${nameOf(member)} are saved.`;
  };
  return (
    <FormModal
      title={label}
      act="Save"
      initialValues={initialValues}
      onSubmit={save}
      onClose={onClose}
    >
      {({ values, errors, setFieldValue }) => (
        <RolePicker
          label={label}
          creatable
          description="In this organization. The member's next token contains them."
          value={values.organizationRoleIds}
          error={errors.organizationRoleIds}
          onChange={(ids) => setFieldValue('organizationRoleIds', ids)}
        />
      )}
    </FormModal>
  );
}

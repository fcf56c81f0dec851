import type { Member } from '../api/types';
import { RolePicker } from '../roles/RolePicker';
import { storedRoles } from '../roles/storedRoles';
import { FormModal } from '../ui/FormModal';
import { changeRoles } from './changing';
import { nameOf } from './provenance';
import { useMembersChanges } from './useMembersChanges';

interface Props {
  organizationId: string;
  member: Member;
  onClose: () => void;
}

/** Changes the roles of one member: sends only what is changed here. */
export function ChangeRoles({ organizationId, member, onClose }: Props) {
  const { showRoles } = useMembersChanges(organizationId);
  const label = `Roles of ${nameOf(member)}`;
  const held = member.organizationRoles.map(({ id }) => id);
  const initialValues = { organizationRoleIds: held };
  const save = async ({ organizationRoleIds }: typeof initialValues) => {
    const wanted = await storedRoles(organizationRoleIds);
    const change = {
      added: wanted.filter((id) => !held.includes(id)),
      removed: held.filter((id) => !wanted.includes(id)),
    };
    await changeRoles(organizationId, member.id, change);
    await showRoles(new Set([member.id]), change);
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
          description="In this organization. The member’s next token contains them."
          value={values.organizationRoleIds}
          error={errors.organizationRoleIds}
          onChange={(ids) => setFieldValue('organizationRoleIds', ids)}
        />
      )}
    </FormModal>
  );
}

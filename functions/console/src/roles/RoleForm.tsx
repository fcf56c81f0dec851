import { api, orThrow } from '../api/client';
import type { Role } from '../api/types';
import { FormModal } from '../ui/FormModal';
import { DescriptionInput, NameInput } from '../ui/fields';
import { createRole } from './queries';

/** Creates a role, or changes the name and description of one. */
export function RoleForm({ role, onClose }: { role?: Role; onClose: () => void }) {
  const initialValues = { name: role?.name ?? '', description: role?.description ?? '' };
  const save = async ({ name, description }: typeof initialValues) => {
    const body = { name, description: description || null };
    if (!role) return `The role “${(await createRole(body)).name}” is created.`;
    const params = { path: { organizationRoleId: role.id } };
    const call = api.PATCH('/organization-roles/{organizationRoleId}', { params, body });
    return `The role “${(await orThrow(call)).data.name}” is saved.`;
  };
  return (
    <FormModal
      title={role ? `Rename “${role.name}”` : 'Create role'}
      act={role ? 'Save' : 'Create'}
      initialValues={initialValues}
      onSubmit={save}
      onClose={onClose}
    >
      {(form) => (
        <>
          <NameInput
            description={
              role && 'New tokens contain the new name: check whether your application compares it.'
            }
            data-autofocus
            {...form.getInputProps('name')}
          />
          <DescriptionInput {...form.getInputProps('description')} />
        </>
      )}
    </FormModal>
  );
}

import { Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { answered, api } from '../api/client';
import { reasonAt } from '../api/problem';
import type { Role } from '../api/types';
import { FormModal } from '../ui/FormModal';
import { FormProblem } from '../ui/FormProblem';
import { notify } from '../ui/notify';

const PLACES = ['/name', '/description'] as const;

interface Texts {
  name: string;
  description: string | null;
}

/** Makes a role, or changes the texts of one. */
export function RoleForm({ role, onClose }: { role?: Role; onClose: () => void }) {
  const queries = useQueryClient();
  const form = useForm({
    initialValues: { name: role?.name ?? '', description: role?.description ?? '' },
  });
  const saving = useMutation({
    mutationFn: ({ name, description }: typeof form.values) =>
      save(role, { name, description: description || null }),
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries();
      notify(role ? `The role “${name}” is saved.` : `The role “${name}” is created.`);
      onClose();
    },
  });
  return (
    <FormModal
      title={role ? `Rename “${role.name}”` : 'Create role'}
      act={role ? 'Save' : 'Create'}
      pending={saving.isPending}
      onSubmit={() => saving.mutate(form.values)}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        description={
          role &&
          'Tokens say the new name from the next one on: check what your application compares.'
        }
        required
        data-autofocus
        maxLength={128}
        {...form.getInputProps('name')}
        error={reasonAt(saving.error, '/name')}
      />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        maxLength={256}
        {...form.getInputProps('description')}
        error={reasonAt(saving.error, '/description')}
      />
      <FormProblem error={saving.error} places={PLACES} />
    </FormModal>
  );
}

async function save(role: Role | undefined, body: Texts): Promise<Role> {
  if (!role) return (await answered(api.POST('/organization-roles', { body }))).data;
  const params = { path: { organizationRoleId: role.id } };
  const call = api.PATCH('/organization-roles/{organizationRoleId}', { params, body });
  return (await answered(call)).data;
}

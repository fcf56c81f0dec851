import { Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { answered, api } from '../api/client';
import { reasonAt } from '../api/problem';
import { FormModal } from '../ui/FormModal';
import { FormProblem } from '../ui/FormProblem';
import { organizationQuery } from './queries';

const PLACES = ['/name', '/id', '/description'] as const;

/** Makes an organization, and goes there. */
export function CreateOrganization({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const form = useForm({ initialValues: { name: '', id: '', description: '' } });
  const creation = useMutation({
    mutationFn: async () => {
      const { name, id, description } = form.values;
      const body = { name, ...(id && { id }), ...(description && { description }) };
      return (await answered(api.POST('/organizations', { body }))).data;
    },
    onSuccess: async (organization) => {
      queries.setQueryData(organizationQuery(organization.id).queryKey, organization);
      void queries.invalidateQueries({ queryKey: ['organizations'] });
      await navigate({
        to: '/organizations/$organizationId',
        params: { organizationId: organization.id },
      });
    },
  });
  const reason = (pointer: (typeof PLACES)[number]) => reasonAt(creation.error, pointer);
  return (
    <FormModal
      title="Create organization"
      act="Create"
      pending={creation.isPending}
      onSubmit={() => creation.mutate()}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        required
        data-autofocus
        maxLength={128}
        {...form.getInputProps('name')}
        error={reason('/name')}
      />
      <TextInput
        label="Id"
        description="The one that you have for this customer already; left empty, one is made. An id is never used twice."
        maxLength={64}
        autoComplete="off"
        {...form.getInputProps('id')}
        error={reason('/id')}
      />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        maxLength={256}
        {...form.getInputProps('description')}
        error={reason('/description')}
      />
      <FormProblem error={creation.error} places={PLACES} />
    </FormModal>
  );
}

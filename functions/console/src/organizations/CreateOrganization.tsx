import { TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, orThrow } from '../api/client';
import { FormModal } from '../ui/FormModal';
import { DescriptionInput, NameInput } from '../ui/fields';
import { organizationOf } from './customData';
import { organizationQuery } from './queries';

const EMPTY = { name: '', id: '', description: '' };

/** Creates an organization, and opens its page. */
export function CreateOrganization({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const create = async ({ name, id, description }: typeof EMPTY) => {
    const body = { name, ...(id && { id }), ...(description && { description }) };
    const { data } = await orThrow(api.POST('/organizations', { body, parseAs: 'text' }));
    const created = organizationOf(data);
    queries.setQueryData(organizationQuery(created.id).queryKey, created);
    const params = { organizationId: created.id };
    await navigate({ to: '/organizations/$organizationId', params });
    return undefined;
  };
  return (
    <FormModal
      title="Create organization"
      act="Create"
      initialValues={EMPTY}
      onSubmit={create}
      onClose={onClose}
    >
      {(form) => (
        <>
          <NameInput data-autofocus {...form.getInputProps('name')} />
          <TextInput
            label="Id"
            description="Your own id for this customer. Leave it empty to have one generated. An id cannot be reused."
            maxLength={64}
            autoComplete="off"
            {...form.getInputProps('id')}
          />
          <DescriptionInput {...form.getInputProps('description')} />
        </>
      )}
    </FormModal>
  );
}

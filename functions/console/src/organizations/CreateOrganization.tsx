import { TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, orThrow } from '../api/client';
import { FormModal } from '../ui/FormModal';
import { DescriptionInput, NameInput } from '../ui/fields';
import { useIsShown } from '../ui/useIsShown';
import { organizationOf } from './customData';
import { organizationQuery } from './queries';

const EMPTY = { name: '', id: '', description: '' };

/** The API takes these ids for a new organization. */
const ID = /^[A-Za-z0-9_-]{1,64}$/;

function validate({ id }: typeof EMPTY) {
  const text = id.trim();
  if (text === '' || ID.test(text)) return {};
  return {
    id: 'An ID has only letters from A to Z, digits, hyphens and underscores, like “acme-2”. Change it, or leave it empty.',
  };
}

/** Creates an organization, and opens its page, unless the dialog is closed before that. */
export function CreateOrganization({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const isShown = useIsShown();
  const create = async ({ name, description, ...typed }: typeof EMPTY) => {
    const id = typed.id.trim();
    const body = { name, ...(id && { id }), ...(description && { description }) };
    const answer = await orThrow(api.POST('/organizations', { body, parseAs: 'text' }));
    const created = organizationOf(answer.data, answer.headers);
    queries.setQueryData(organizationQuery(created.id).queryKey, created);
    if (!isShown()) return `The organization “${created.name}” is created.`;
    const params = { organizationId: created.id };
    await navigate({ to: '/organizations/$organizationId', params });
    // The list is read afresh when the user goes back, so that it has the organization.
    queries.removeQueries({ queryKey: ['organizations'], type: 'inactive' });
    return `The organization “${created.name}” is created. Next, add its email domains.`;
  };
  return (
    <FormModal
      title="Create organization"
      act="Create"
      initialValues={EMPTY}
      validate={validate}
      onSubmit={create}
      onClose={onClose}
    >
      {(form) => (
        <>
          <NameInput data-autofocus {...form.getInputProps('name')} />
          <TextInput
            label="ID"
            description="Your own ID for this customer. Leave it empty to have one generated. An ID can never be used again."
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

import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { api, orThrow } from '../api/client';
import type { Role } from '../api/types';
import { type Draft, isUnsaved, type Texts, type Versioned } from '../conflict/fields';
import { afterSave, type Source, save } from '../conflict/save';
import { TextsConflict } from '../conflict/TextsConflict';
import { FormModal } from '../ui/FormModal';
import { DescriptionInput, NameInput } from '../ui/fields';

type Field = 'name' | 'description';

const LABELS = { name: 'Name', description: 'Description' };

/** Changes the name and the description of a role. */
export function EditRole({ role, onClose }: { role: Role; onClose: () => void }) {
  const [{ base, theirs }, setDraft] = useState<Omit<Draft<Field>, 'mine'>>({
    base: { texts: textsOf(role) },
  });
  const submit = async (values: Texts<Field>, form: UseFormReturnType<Texts<Field>>) => {
    const sent = { base, mine: normalised(values) };
    const next = afterSave(sent, await save(sent, sourceOf(role.id)));
    if (!isUnsaved(next)) return `The role “${next.mine.name}” is saved.`;
    setDraft(next);
    form.setValues(next.mine);
    return false;
  };
  return (
    <FormModal
      title={`Edit “${role.name}”`}
      act="Save"
      initialValues={base.texts}
      onSubmit={submit}
      onClose={onClose}
    >
      {(form) => (
        <>
          {theirs && (
            <TextsConflict
              draft={{ base, theirs, mine: form.values }}
              labels={LABELS}
              saving={false}
              onKeepMine={() => formOf(form)?.requestSubmit()}
              onTakeTheirs={onClose}
              onTake={(field) => {
                form.setFieldValue(field, base.texts[field]);
                form.getInputNode(field)?.focus();
              }}
            />
          )}
          <NameInput
            description="New tokens contain the new name. Check whether your application depends on it."
            data-autofocus
            {...form.getInputProps('name')}
          />
          <DescriptionInput {...form.getInputProps('description')} />
        </>
      )}
    </FormModal>
  );
}

function formOf({ getInputNode }: UseFormReturnType<Texts<Field>>): HTMLFormElement | null {
  const input = getInputNode('name');
  return input instanceof HTMLInputElement ? input.form : null;
}

function textsOf({ name, description }: Role): Texts<Field> {
  return { name, description: description ?? '' };
}

/** Texts as the API stores them, so that what was saved and what is read are the same. */
function normalised({ name, description }: Texts<Field>): Texts<Field> {
  return { name: name.trim().normalize(), description: description.trim().normalize() };
}

/** The name and description of a role in the API. */
function sourceOf(organizationRoleId: string): Source<Field> {
  const path = '/organization-roles/{organizationRoleId}';
  const params = { path: { organizationRoleId } };
  const versioned = ({ data, headers }: { data: Role; headers: Headers }): Versioned<Field> => ({
    texts: textsOf(data),
    etag: headers.get('etag') ?? '',
  });
  return {
    read: async () => versioned(await orThrow(api.GET(path, { params }))),
    write: async ({ name, description }, etag) => {
      const body = {
        ...(name !== undefined && { name }),
        ...(description !== undefined && { description: description || null }),
      };
      const ifSame = { ...params, header: { 'If-Match': etag } };
      return versioned(await orThrow(api.PATCH(path, { params: ifSame, body })));
    },
  };
}

import { FormModal } from '../ui/FormModal';
import { DescriptionInput, NameInput } from '../ui/fields';
import { createRole } from './queries';

const EMPTY = { name: '', description: '' };

export function CreateRole({ onClose }: { onClose: () => void }) {
  const create = async ({ name, description }: typeof EMPTY) => {
    const role = await createRole({ name, description: description || null });
    return `The role “${role.name}” is created.`;
  };
  return (
    <FormModal
      title="Create role"
      act="Create"
      initialValues={EMPTY}
      onSubmit={create}
      onClose={onClose}
    >
      {(form) => (
        <>
          <NameInput data-autofocus {...form.getInputProps('name')} />
          <DescriptionInput {...form.getInputProps('description')} />
        </>
      )}
    </FormModal>
  );
}

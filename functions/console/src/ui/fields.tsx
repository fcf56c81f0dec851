import { Textarea, type TextareaProps, TextInput, type TextInputProps } from '@mantine/core';

export function NameInput(props: TextInputProps) {
  return <TextInput label="Name" required maxLength={128} {...props} />;
}

export function DescriptionInput(props: TextareaProps) {
  return <Textarea label="Description" autosize minRows={2} maxLength={256} {...props} />;
}

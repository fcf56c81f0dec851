import { Textarea, type TextareaProps, TextInput, type TextInputProps } from '@mantine/core';
import type { KeyboardEvent } from 'react';

export function NameInput(props: TextInputProps) {
  return <TextInput label="Name" required maxLength={128} {...props} />;
}

export function DescriptionInput(props: TextareaProps) {
  return (
    <Textarea
      label="Description"
      autosize
      minRows={2}
      maxLength={256}
      onKeyDown={submitOnCtrlEnter}
      {...props}
    />
  );
}

/** Submits the form of a text area, where Enter begins a line. */
export function submitOnCtrlEnter(event: KeyboardEvent<HTMLTextAreaElement>) {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.form?.requestSubmit();
}

import { Button, Group, Modal, Stack } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { fieldErrors } from '../api/problem';
import { notify } from './notify';
import { ProblemAlert } from './ProblemAlert';

interface Props<Values> {
  title: string;
  /** The label of the button that submits. */
  act: string;
  /** Whether it destroys something: the focus starts on Cancel. */
  danger?: boolean;
  initialValues: Values;
  /** Resolves with what to tell the user afterwards, if anything. */
  onSubmit: (values: Values) => Promise<string | undefined>;
  onClose: () => void;
  children: (form: UseFormReturnType<Values>) => ReactNode;
}

/** A short form in a dialog, which closes once the form is accepted. */
export function FormModal<Values extends Record<string, unknown>>(props: Props<Values>) {
  const { title, act, danger, initialValues, onSubmit, onClose, children } = props;
  const form = useForm({ initialValues });
  const submission = useMutation({
    mutationFn: onSubmit,
    onSuccess: (message) => {
      if (message) notify(message);
      onClose();
    },
    onError: (error) => form.setErrors(fieldErrors(error)),
  });
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={form.onSubmit((values) => submission.mutate(values))} noValidate>
        <Stack>
          {children(form)}
          <ProblemAlert error={submission.error} fields={initialValues} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus={danger || undefined}>
              Cancel
            </Button>
            <Button
              type="submit"
              color={danger ? 'red.8' : 'indigo'}
              loading={submission.isPending}
            >
              {act}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

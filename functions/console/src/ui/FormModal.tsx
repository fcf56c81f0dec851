import { Button, Group, Modal, Stack } from '@mantine/core';
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import type { ShouldBlockFn } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { fieldErrors } from '../api/problem';
import { focusInvalid } from './focusInvalid';
import { notify, notifyFailure } from './notify';
import { ProblemAlert } from './ProblemAlert';
import { useLeaveBlocker } from './useLeaveBlocker';

interface Props<Values> {
  title: string;
  /** The label of the button that submits; `undefined` if there is nothing to do here. */
  act: string | undefined;
  /** Whether what it would do is known: until then it cannot be submitted. */
  isReady?: boolean;
  /** Whether it destroys something: the focus starts on Cancel. */
  danger?: boolean;
  /** Whether it only changes a draft on the page: then the page is not read again. */
  isDraft?: boolean;
  /** Whether there is something to lose beside the values. */
  isChanged?: boolean;
  /** How wide the dialog is, if it needs more room than a short form. */
  size?: 'lg';
  initialValues: Values;
  /** Why values cannot be sent as they are, by field; empty if they can. */
  validate?: (values: Values) => Partial<Record<keyof Values & string, string>>;
  /**
   * Resolves with what to tell the user afterwards, if anything. `false` keeps the dialog open,
   * because there is something to decide first.
   */
  onSubmit: (
    values: Values,
    form: UseFormReturnType<Values>,
  ) => Promise<string | false | undefined>;
  onClose: () => void;
  children: (form: UseFormReturnType<Values>) => ReactNode;
}

/** What the buttons of the browser do. The console itself navigates by other actions. */
const HISTORY: ReadonlySet<string> = new Set(['BACK', 'FORWARD', 'GO']);
const isInHistory: ShouldBlockFn = ({ action }) => HISTORY.has(action);

/**
 * A short form in a dialog, which closes once the form is accepted. Escape, a click outside and the
 * browser's Back close it only while there is nothing to lose: until something is typed or selected, or is being saved.
 */
export function FormModal<Values extends Record<string, unknown>>(props: Props<Values>) {
  const {
    title,
    act,
    danger,
    isReady = true,
    isDraft = false,
    isChanged = false,
    size,
    initialValues,
    validate,
    onSubmit,
    onClose,
    children,
  } = props;
  const form = useForm({ initialValues, ...(validate && { validate }) });
  const [typed, setTyped] = useState(false);
  const element = useRef<HTMLFormElement>(null);
  // A second Ctrl+Enter or click can come before the first one is rendered.
  const running = useRef(false);
  const submission = useMutation({
    mutationFn: (values: Values) => onSubmit(values, form),
    meta: { isDraft },
    onSuccess: (message) => {
      if (message === false) return;
      if (message) notify(message);
      // One that was closed meanwhile is not the one that is open now.
      if (element.current) onClose();
    },
    onError: (error) => {
      if (element.current) form.setErrors(fieldErrors(error));
      // The dialog was closed before the answer came.
      else notifyFailure(error, title);
    },
    onSettled: () => {
      running.current = false;
    },
  });
  const { error, isPending } = submission;
  useEffect(() => {
    if (error && element.current) focusInvalid(element.current);
  }, [error]);
  const submit = (values: Values) => {
    if (running.current || !isReady || act === undefined) return;
    running.current = true;
    submission.mutate(values);
  };
  const losesNothing = !typed && !isChanged && !form.isDirty() && !isPending;
  useLeaveBlocker(!losesNothing, isInHistory, false);
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      {...(size && { size })}
      closeOnEscape={losesNothing}
      closeOnClickOutside={losesNothing}
    >
      <form
        ref={element}
        onSubmit={form.onSubmit(submit, (errors) =>
          form.getInputNode(Object.keys(errors)[0] ?? '')?.focus(),
        )}
        // A text that a field has not taken in yet is not among the form's values.
        onInput={() => setTyped(true)}
        noValidate
      >
        <Stack>
          {children(form)}
          <ProblemAlert error={error} fields={submission.variables ?? initialValues} focused />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus={danger || undefined}>
              {act === undefined ? 'Done' : 'Cancel'}
            </Button>
            {act !== undefined && (
              <Button
                type="submit"
                color={danger ? 'red.8' : 'indigo'}
                loading={isPending}
                disabled={!isReady}
              >
                {act}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

import type { PropsWithChildren } from 'react';
import { FormModal } from './FormModal';

interface Props {
  title: string;
  /** The label of the button that confirms. */
  act: string;
  /** Resolves with what to tell the user afterwards. */
  onConfirm: () => Promise<string>;
  onClose: () => void;
}

/** Asks for confirmation before something is destroyed. */
export function Confirm({ onConfirm, children, ...props }: PropsWithChildren<Props>) {
  return (
    <FormModal danger initialValues={{}} onSubmit={onConfirm} {...props}>
      {() => <div>{children}</div>}
    </FormModal>
  );
}

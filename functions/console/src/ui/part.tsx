import { CatchBoundary } from '@tanstack/react-router';
import { type ComponentType, lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { PartError } from '../api/problem';
import { notifyFailure } from './notify';
import { loadWithStyles } from './styles';

/**
 * Loads the code of a part, with its styles.
 *
 * @throws PartError if they cannot be loaded
 */
export async function loadPart<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await loadWithStyles(load);
  } catch (error) {
    throw new PartError(error);
  }
}

/**
 * A part of the console that is loaded when it is first shown, so that the first page loads faster.
 * A part that cannot be loaded throws a {@link PartError} to the error boundary around it. It is
 * loaded again when it is shown the next time.
 *
 * @param waiting what to show until the part is loaded
 */
export function part<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  waiting: ReactNode = null,
): (props: Props) => ReactNode {
  const attempt = () =>
    lazy(async () => {
      try {
        return { default: await loadPart(load) };
      } catch (error) {
        // React keeps what it has loaded, and also that it could not.
        latest = attempt();
        throw error;
      }
    }) as unknown as ComponentType<Props>;
  let latest = attempt();
  return (props: Props) => {
    // While it is shown, there is one attempt: React renders a failed part twice.
    const [Part] = useState(() => latest);
    return (
      <Suspense fallback={waiting}>
        <Part {...props} />
      </Suspense>
    );
  };
}

/** A dialog that is loaded when it is first opened. If that fails, the page stays as it is. */
export function dialogPart<Props extends { onClose: () => void }>(
  load: () => Promise<ComponentType<Props>>,
): (props: Props) => ReactNode {
  const Dialog = part(load);
  return (props: Props) => (
    <CatchBoundary
      getResetKey={() => 0}
      errorComponent={({ error }) => <NotOpened error={error} onClose={props.onClose} />}
    >
      <Dialog {...props} />
    </CatchBoundary>
  );
}

function NotOpened({ error, onClose }: { error: unknown; onClose: () => void }) {
  useEffect(() => {
    notifyFailure(error);
    onClose();
  }, [error, onClose]);
  return null;
}

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

/** A part of the console that is loaded when it is first shown, or before. */
interface Part<Props> {
  (props: Props): ReactNode;
  /**
   * Loads it before it is shown. React shows what is loaded later than that only 300 ms after what was
   * shown instead. If this fails, showing the part loads it again.
   */
  prepare: () => Promise<void>;
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
): Part<Props> {
  let loading: Promise<ComponentType<Props>> | undefined;
  const loadOnce = () => {
    loading ??= loadPart(load).then(
      (loaded) => {
        latest = loaded;
        return loaded;
      },
      (error: unknown) => {
        // React keeps what it has loaded, and also that it could not.
        loading = undefined;
        latest = attempt();
        throw error;
      },
    );
    return loading;
  };
  const attempt = () =>
    lazy(async () => {
      // What began before it was shown may fail for a reason that is over by now.
      const early = loading;
      return { default: await (early ? early.catch(loadOnce) : loadOnce()) };
    }) as unknown as ComponentType<Props>;
  let latest = attempt();
  const shown = (props: Props) => {
    // While it is shown, there is one attempt: React renders a failed part twice.
    const [Part] = useState(() => latest);
    return (
      <Suspense fallback={waiting}>
        <Part {...props} />
      </Suspense>
    );
  };
  const prepare = () =>
    loadOnce().then(
      () => {},
      () => {},
    );
  return Object.assign(shown, { prepare });
}

/** A dialog that is loaded when it is first opened. If that fails, the page stays as it is. */
export function dialogPart<Props extends { onClose: () => void }>(
  load: () => Promise<ComponentType<Props>>,
): Part<Props> {
  const Dialog = part(load);
  const shown = (props: Props) => (
    <CatchBoundary
      getResetKey={() => 0}
      errorComponent={({ error }) => <NotOpened error={error} onClose={props.onClose} />}
    >
      <Dialog {...props} />
    </CatchBoundary>
  );
  return Object.assign(shown, { prepare: Dialog.prepare });
}

function NotOpened({ error, onClose }: { error: unknown; onClose: () => void }) {
  useEffect(() => {
    notifyFailure(error);
    onClose();
  }, [error, onClose]);
  return null;
}

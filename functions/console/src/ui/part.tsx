import { type ComponentType, lazy, type ReactNode, Suspense } from 'react';
import { PartError } from '../api/problem';

/**
 * A part of the console that is loaded when it is first shown, so that the first page loads faster.
 * A part that cannot be loaded throws a {@link PartError} to the error boundary around it.
 *
 * @param waiting what to show until the part is loaded
 */
export function part<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  waiting: ReactNode = null,
): (props: Props) => ReactNode {
  const Part = lazy(async () => {
    try {
      return { default: await load() };
    } catch (error) {
      throw new PartError(error);
    }
  }) as unknown as ComponentType<Props>;
  return (props: Props) => (
    <Suspense fallback={waiting}>
      <Part {...props} />
    </Suspense>
  );
}

import { ApiError } from './problem';

/** The most requests of a batch at the same time. */
const AT_ONCE = 4;

export interface Outcome<Item, Result> {
  done: { item: Item; result: Result }[];
  failed: { item: Item; error: unknown }[];
}

/**
 * Does something with each item, with at most {@link AT_ONCE} requests at the same time. After an
 * error that may go away, such as a lost connection, no further item is begun: those that are left
 * have failed with it too. After another error the others go on.
 *
 * @param onProgress is told how many items are finished, done or not
 */
export async function batch<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
  onProgress: (finished: number) => void = () => {},
): Promise<Outcome<Item, Result>> {
  const outcome: Outcome<Item, Result> = { done: [], failed: [] };
  const waiting = [...items];
  let stopped: unknown;
  const work = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        if (stopped) throw stopped;
        outcome.done.push({ item, result: await act(item) });
      } catch (error) {
        if (!(error instanceof ApiError) || error.temporary || error.status === 401) {
          stopped ??= error;
        }
        outcome.failed.push({ item, error });
      }
      onProgress(outcome.done.length + outcome.failed.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcome;
}

/** Cuts a list into pieces of at most this size. */
export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

let running = 0;
const waiting: (() => void)[] = [];

/** Does something as soon as fewer than {@link AT_ONCE} others that were begun this way go on. */
export async function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
  if (running < AT_ONCE) running++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await act();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

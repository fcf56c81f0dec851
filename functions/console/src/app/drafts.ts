import { useCallback, useSyncExternalStore } from 'react';

/**
 * Unsaved changes, by what they are changes of. They outlive the components that show them, so that
 * the end of a session does not take them away.
 */
class Drafts {
  #drafts = new Map<string, unknown>();
  readonly #listeners = new Set<() => void>();

  get(key: string): unknown {
    return this.#drafts.get(key);
  }

  set(key: string, draft: unknown) {
    this.#drafts.set(key, draft);
    this.#tell();
  }

  forget(key?: string) {
    if (key === undefined) this.#drafts.clear();
    else this.#drafts.delete(key);
    this.#tell();
  }

  all(): [string, unknown][] {
    return [...this.#drafts];
  }

  restore(drafts: [string, unknown][]) {
    this.#drafts = new Map(drafts);
    this.#tell();
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}

export const drafts = new Drafts();

/** The draft under a key, if there is one; setting `undefined` forgets it. */
export function useDraft<T>(key: string): [T | undefined, (draft: T | undefined) => void] {
  const draft = useSyncExternalStore(drafts.subscribe, () => drafts.get(key)) as T | undefined;
  const set = useCallback(
    (next: T | undefined) => (next === undefined ? drafts.forget(key) : drafts.set(key, next)),
    [key],
  );
  return [draft, set];
}

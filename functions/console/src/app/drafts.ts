import { Store, useStore } from './store';

/**
 * Unsaved changes, by what they change. They are kept outside of the components that show them, so
 * that they survive the end of a session.
 */
export const drafts = new Store<ReadonlyMap<string, unknown>>(new Map());

/** Sets the draft under a key; `undefined` drops it. */
export function setDraft(key: string, next: unknown) {
  const others = [...drafts.value].filter(([other]) => other !== key);
  drafts.value = new Map(next === undefined ? others : [...others, [key, next]]);
}

/** The draft under a key, if there is one; setting `undefined` drops it. */
export function useDraft<T>(key: string): [T | undefined, (draft: T | undefined) => void] {
  const draft = useStore(drafts, (all) => all.get(key)) as T | undefined;
  return [draft, (next) => setDraft(key, next)];
}

/** Drops the drafts of something that was deleted: their keys end with its id. */
export function dropDrafts(id: string) {
  drafts.value = new Map([...drafts.value].filter(([key]) => !key.endsWith(` of ${id}`)));
}

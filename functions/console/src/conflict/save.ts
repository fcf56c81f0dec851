import { ApiError } from '../api/problem';
import { type Draft, fieldsThatDiffer, rebased, type Texts, type Versioned } from './fields';

/** How to read and write the texts that a draft changes. */
export interface Source<Field extends string> {
  read: () => Promise<Versioned<Field>>;
  /** Writes some fields if the texts still have a version. Resolves with all texts as stored. */
  write: (changes: Partial<Texts<Field>>, etag: string) => Promise<Versioned<Field>>;
}

/** The result of saving. */
export interface Saved<Field extends string> {
  /** Whether somebody else saved first, so that nothing is written. */
  isConflict: boolean;
  /** The texts as they are stored now. */
  now: Versioned<Field>;
}

/** Saves the fields that have changed, unless somebody else has changed any field meanwhile. */
export async function save<Field extends string>(
  { base, mine }: Draft<Field>,
  source: Source<Field>,
): Promise<Saved<Field>> {
  const changed = fieldsThatDiffer(base.texts, mine).map((field) => [field, mine[field]]);
  if (base.etag !== undefined) {
    try {
      const changes = Object.fromEntries(changed) as Partial<Texts<Field>>;
      return { isConflict: false, now: await source.write(changes, base.etag) };
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 412)) throw error;
    }
  }
  const now = await source.read();
  // The same texts can have another version: somebody else has changed them and changed them back.
  const isSame = fieldsThatDiffer(base.texts, now.texts).length === 0;
  return isSame ? save({ base: now, mine }, source) : { isConflict: true, now };
}

/**
 * The draft after it was saved, or on top of what somebody else saved first. `typed` has the texts
 * that I typed during the saving, if any: they are not saved yet.
 */
export function afterSave<Field extends string>(
  { base, mine }: Draft<Field>,
  { isConflict, now }: Saved<Field>,
  typed?: Texts<Field>,
): Draft<Field> {
  if (isConflict) return rebased({ base, mine: typed ?? mine }, now);
  return { base: now, mine: typed ?? now.texts };
}

/** The texts of a form, by field. */
export type Texts<Field extends string> = Record<Field, string>;

/** Texts as they were last read, and their version. */
export interface Versioned<Field extends string> {
  texts: Texts<Field>;
  /** The `ETag` of the answer. A list has none for its items. */
  etag?: string;
}

/** Texts that are being edited. */
export interface Draft<Field extends string> {
  /** What was saved when the editing began, or at the last merge. */
  base: Versioned<Field>;
  mine: Texts<Field>;
  /** The fields that somebody else changed in the meantime. Their texts are those of `base`. */
  theirs?: Field[];
}

export function fieldsThatDiffer<Field extends string>(
  one: Texts<Field>,
  other: Texts<Field>,
): Field[] {
  return (Object.keys(one) as Field[]).filter((field) => one[field] !== other[field]);
}

export function isUnsaved<Field extends string>({ base, mine }: Draft<Field>): boolean {
  return fieldsThatDiffer(base.texts, mine).length > 0;
}

/**
 * The draft on top of the present texts: it keeps the fields that I changed, takes those that only
 * somebody else changed, and names all that somebody else changed.
 */
export function rebased<Field extends string>(
  { base, mine }: Draft<Field>,
  now: Versioned<Field>,
): Draft<Field> {
  const changed = new Set(fieldsThatDiffer(base.texts, mine));
  const kept = Object.entries(mine).filter(([field]) => changed.has(field as Field));
  return {
    base: now,
    mine: { ...now.texts, ...Object.fromEntries(kept) },
    theirs: fieldsThatDiffer(base.texts, now.texts),
  };
}

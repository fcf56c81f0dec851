/** The differences between two lists, regardless of order. */
export interface Changes {
  added: string[];
  removed: string[];
}

export function changes(before: readonly string[], after: readonly string[]): Changes {
  const [were, are] = [new Set(before), new Set(after)];
  return {
    added: [...are].filter((item) => !were.has(item)),
    removed: [...were].filter((item) => !are.has(item)),
  };
}

export function isChanged({ added, removed }: Changes): boolean {
  return added.length > 0 || removed.length > 0;
}

/** Their list, with my changes since `base` on top. */
export function merge(
  base: readonly string[],
  mine: readonly string[],
  theirs: readonly string[],
): string[] {
  const { added, removed } = changes(base, mine);
  const gone = new Set(removed);
  return [...new Set([...theirs.filter((item) => !gone.has(item)), ...added])];
}

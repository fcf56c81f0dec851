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

/** Whether two values of a setting are the same. The order of roles does not count. */
export function isSameSetting(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return !isChanged(changes(one, other));
}

/** The names of a text that a list has already, and those that it does not have, each once. */
export function sortedOut(
  listed: Iterable<string>,
  names: readonly string[],
): { added: string[]; repeated: string[] } {
  const seen = new Set(listed);
  const added: string[] = [];
  const repeated: string[] = [];
  for (const name of names) {
    (seen.has(name) ? repeated : added).push(name);
    seen.add(name);
  }
  return { added, repeated };
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

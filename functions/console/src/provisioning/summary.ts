import { type Draft, type List, unsaved } from './draft';

/** The unsaved changes in one line: `2 domains added, 1 removed · 1 role added`. */
export function summaryOf(draft: Draft): string {
  return [partOf(draft, 'domains', 'domain'), partOf(draft, 'roles', 'role')]
    .filter((part) => part !== '')
    .join(' · ');
}

function partOf(draft: Draft, list: List, noun: string): string {
  const { added, removed } = unsaved(draft, list);
  const counts = [
    [added.length, 'added'],
    [removed.length, 'removed'],
  ] as const;
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what], index) => `${index === 0 ? named(count, noun) : count} ${what}`)
    .join(', ');
}

function named(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

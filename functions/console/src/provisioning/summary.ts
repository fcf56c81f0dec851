import { newRoleName } from '../roles/newRoles';
import { type Draft, type List, unsaved } from './draft';

/** The unsaved changes in one line: `2 domains added, 1 removed · 1 role added (1 new)`. */
export function summaryOf(draft: Draft, hasText = false): string {
  const parts = [partOf(draft, 'domains', 'domain'), partOf(draft, 'roles', 'role')].filter(
    (part) => part !== '',
  );
  if (hasText) parts.push(parts.length > 0 ? 'text not added yet' : 'Text not added yet');
  return parts.join(' · ');
}

function partOf(draft: Draft, list: List, noun: string): string {
  const { added, removed } = unsaved(draft, list);
  const created = added.filter((item) => list === 'roles' && newRoleName(item) !== undefined);
  const counts = [
    [added.length, created.length > 0 ? `added (${created.length} new)` : 'added'],
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

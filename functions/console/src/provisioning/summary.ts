import { newRoleName } from '../roles/newRoles';
import { type Draft, domainsWithNewSettings, type List, unsaved } from './draft';

interface Also {
  /** Whether text is typed that is not in the draft yet. */
  hasText?: boolean;
  /** How many domains of the draft were refused. */
  refused?: number;
}

/** The unsaved changes in one line: `2 domains added, 1 removed, 1 changed · 1 role added (1 new)`. */
export function summaryOf(draft: Draft, { hasText = false, refused = 0 }: Also = {}): string {
  const parts = [
    draft.theirs ? 'Also changed by somebody else' : '',
    refused > 0 ? `${named(refused, 'domain')} refused` : '',
    partOf(draft, 'domains', 'domain'),
    partOf(draft, 'roles', 'role'),
    hasText ? 'Text in a field is not added yet' : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function partOf(draft: Draft, list: List, noun: string): string {
  const { added, removed } = unsaved(draft, list);
  const created = added.filter((item) => list === 'roles' && newRoleName(item) !== undefined);
  const edited = list === 'domains' ? domainsWithNewSettings(draft).length : 0;
  const counts = [
    [added.length, created.length > 0 ? `added (${created.length} new)` : 'added'],
    [removed.length, 'removed'],
    [edited, 'changed'],
  ] as const;
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what], index) => `${index === 0 ? named(count, noun) : count} ${what}`)
    .join(', ');
}

function named(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

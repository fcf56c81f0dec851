import { newRoleName } from '../roles/newRoles';
import { type Draft, domainsWithNewSettings, type List, unsaved, unsavedProviders } from './draft';

interface Also {
  /** Whether text is typed that is not in the draft yet. */
  hasText?: boolean;
  /** How many domains of the draft were refused. */
  refused?: number;
  /** How many identity providers of the draft were refused. */
  refusedProviders?: number;
}

/** The unsaved changes in one line: `2 domains added, 1 removed, 1 changed · 1 role added (1 new)`. */
export function summaryOf(
  draft: Draft,
  { hasText = false, refused = 0, refusedProviders = 0 }: Also = {},
): string {
  const parts = [
    draft.theirs ? 'Also changed by somebody else' : '',
    refused > 0 ? `${named(refused, 'domain')} refused` : '',
    refusedProviders > 0 ? `${named(refusedProviders, PROVIDER)} refused` : '',
    partOf(draft, 'domains', 'domain'),
    providersOf(draft),
    partOf(draft, 'roles', 'role'),
    hasText ? 'Text in a field is not added yet' : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function partOf(draft: Draft, list: List, noun: string): string {
  const { added, removed } = unsaved(draft, list);
  const created = added.filter((item) => list === 'roles' && newRoleName(item) !== undefined);
  const edited = list === 'domains' ? domainsWithNewSettings(draft).length : 0;
  return joined(noun, [
    [added.length, created.length > 0 ? `added (${created.length} new)` : 'added'],
    [removed.length, 'removed'],
    [edited, 'changed'],
  ]);
}

const PROVIDER = 'identity provider';

function providersOf(draft: Draft): string {
  const { added, removed, changed } = unsavedProviders(draft);
  return joined(PROVIDER, [
    [added.length, 'added'],
    [removed.length, 'removed'],
    [changed.length, 'changed'],
  ]);
}

/** `2 domains added, 1 removed` */
function joined(noun: string, counts: readonly (readonly [count: number, what: string])[]): string {
  return counts
    .filter(([count]) => count > 0)
    .map(([count, what], index) => `${index === 0 ? named(count, noun) : count} ${what}`)
    .join(', ');
}

function named(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

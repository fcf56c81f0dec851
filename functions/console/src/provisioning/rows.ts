import type { EmailDomain } from '../api/types';
import type { DomainSettings } from './domainSettings';
import {
  type DomainEdit,
  type Draft,
  editOf,
  newSettings,
  type Rules,
  storedSettings,
} from './draft';
import { normalised } from './normalised';
import { ownOf } from './own';
import type { Refused } from './refusals';

/** A domain of a draft, as a row of the table. */
export interface DomainRow {
  /** The domain. */
  id: string;
  /** What is stored about it; nothing if it is not saved yet. */
  rule: EmailDomain | undefined;
  /** The settings that the draft began with. */
  base: DomainSettings;
  /** What I set. */
  edit: DomainEdit;
  isNew: boolean;
  isChanged: boolean;
  /** Why it was refused. */
  code: string | undefined;
}

/** The rows of a draft: the domains that are not saved yet, the latest first, and then the others. */
export function rowsOf(
  draft: Draft,
  stored: Rules,
  refused: Refused,
  before: ReadonlyMap<string, DomainRow>,
): DomainRow[] {
  const { base, mine } = draft;
  const saved = new Set(base.domains.items);
  const rows = mine.domains.map((domain): DomainRow => {
    const isNew = !saved.has(domain);
    const row = {
      id: domain,
      rule: ownOf(stored, domain),
      base: storedSettings(base, domain),
      edit: editOf(mine, domain),
      isNew,
      isChanged: !isNew && Object.keys(newSettings(draft, domain)).length > 0,
      code: ownOf(refused, domain),
    };
    const same = before.get(domain);
    return same && isSameRow(same, row) ? same : row;
  });
  return [...rows.filter(({ isNew }) => isNew).reverse(), ...rows.filter(({ isNew }) => !isNew)];
}

function isSameRow(one: DomainRow, other: DomainRow): boolean {
  return (Object.keys(one) as (keyof DomainRow)[]).every((key) => one[key] === other[key]);
}

/** The settings of a row, with what I set. */
export function settingsOf({ base, edit: { ownership: _, ...some } }: DomainRow): DomainSettings {
  return { ...base, ...some };
}

/** How the state of a domain is shown, which begins for a new one when it is saved. */
export type ShownState = EmailDomain['ownership']['state'] | 'new';

export function stateOf({ rule, isNew, edit }: DomainRow): ShownState {
  if (isNew || !rule) return edit.ownership ?? 'new';
  return rule.ownership.state;
}

/** What the table of domains shows. */
export interface DomainsFilter {
  text: string;
  state: ShownState | '';
}

export const NO_FILTER: DomainsFilter = { text: '', state: '' };

export function isFiltered({ text, state }: DomainsFilter): boolean {
  return text.trim() !== '' || state !== '';
}

/** The rows that a filter lets through. */
export function filtered(rows: readonly DomainRow[], filter: DomainsFilter): readonly DomainRow[] {
  if (!isFiltered(filter)) return rows;
  const text = filter.text.trim().toLowerCase();
  // A whole label that is not ASCII is found too.
  const ascii = normalised(text);
  return rows.filter(
    (row) =>
      (row.id.includes(text) || row.id.includes(ascii)) &&
      (filter.state === '' || stateOf(row) === filter.state),
  );
}

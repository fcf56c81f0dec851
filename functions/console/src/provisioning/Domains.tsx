import { NativeSelect, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import {
  type RefObject,
  useDeferredValue,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { flushSync } from 'react-dom';
import { counted } from '../organizations/counts';
import { Section } from '../ui/Card';
import { DomainField } from './DomainField';
import classes from './Domains.module.css';
import { DomainsTable } from './DomainsTable';
import type { Draft, Rules } from './draft';
import { ALL_STATES, STATES } from './ownership';
import { partsOf } from './pasted';
import { RefusedDomains } from './RefusedDomains';
import { ReviewPasted } from './ReviewPasted';
import type { Refused } from './refusals';
import {
  type DomainRow,
  type DomainsFilter,
  filtered,
  isFiltered,
  NO_FILTER,
  rowsOf,
  type ShownState,
} from './rows';
import type { Editing } from './useEditor';
import { useLatest } from './useLatest';

/** What of the domains is in view. It stays so while one of them is looked at. */
export interface DomainsView {
  filter: DomainsFilter;
  /** How many rows are shown. */
  most: number;
}

/** How many rows are shown at first, and how many more each time. */
const FIRST = 20;
const MORE = 100;

export const ALL_IN_VIEW: DomainsView = { filter: NO_FILTER, most: FIRST };

interface Props {
  organizationId: string;
  editing: Editing;
  /** What is stored about the domains. */
  stored: Rules;
  refused: Refused;
  field: RefObject<HTMLInputElement | null>;
  view: DomainsView;
  onView: (view: DomainsView) => void;
}

/** The email domains: a field to add some, and a table of all. */
export function Domains(props: Props) {
  const { organizationId, editing, stored, refused, field, view, onView } = props;
  const { draft, refusal, notes } = editing;
  const { domains } = draft.mine;
  const [pasted, setPasted] = useState<string>();
  const all = useRows(draft, stored, refused);
  /** Shows what was added, which is at the beginning of the table. */
  const showing = (act: () => void) =>
    flushSync(() => {
      onView({ ...view, filter: NO_FILTER });
      act();
    });
  const edit = (domain: string) => {
    editing.editDomain(domain);
    field.current?.focus();
  };
  return (
    <Section
      wide
      title="Email domains"
      lead="Users who sign up or sign in with a verified address in one of these domains become members. List only domains that this organization owns."
    >
      <div className={classes.add}>
        <DomainField
          isFirst={domains.length === 0}
          textKey={editing.texts.domains}
          field={field}
          note={notes.domains}
          onTextChange={(text) => editing.setText('domains', text)}
          onTake={(text, rest) => showing(() => editing.takeDomains(text, rest))}
          onReview={setPasted}
        />
        <Text c="dimmed" size="sm" role="status" className={classes.note}>
          {notes.domains && !notes.domains.blocks && notes.domains.text}
        </Text>
      </div>
      {refusal && (
        <RefusedDomains
          refusal={refusal}
          refused={refused}
          field={field}
          onEdit={edit}
          onDrop={editing.removeDomains}
          onMend={editing.mendDomains}
        />
      )}
      {domains.length === 0 ? (
        <Text c="dimmed" size="sm">
          No domain is listed yet, so nobody becomes a member by email address. Add the first one.
        </Text>
      ) : (
        <Listed
          organizationId={organizationId}
          listed={draft.base.domains.items}
          all={all}
          view={view}
          onView={onView}
          onRemove={(domain) => editing.removeDomains([domain])}
        />
      )}
      {pasted !== undefined && (
        <ReviewPasted
          organizationId={organizationId}
          parts={partsOf(pasted)}
          list={domains}
          onAdd={(review, settings) => showing(() => editing.addReviewed(review, settings))}
          onClose={() => setPasted(undefined)}
        />
      )}
    </Section>
  );
}

interface ListedProps extends Pick<Props, 'organizationId' | 'view' | 'onView'> {
  /** The domains that are stored. */
  listed: readonly string[];
  all: readonly DomainRow[];
  onRemove: (domain: string) => void;
}

/** The table, and what finds a domain in it if it is long. */
function Listed({ all, view, onView, onRemove, ...where }: ListedProps) {
  const deferred = useDeferredValue(view.filter);
  // A filter that is cleared shows everything at once.
  const filter = isFiltered(view.filter) ? deferred : NO_FILTER;
  const rows = useMemo(() => filtered(all, filter), [all, filter]);
  const more = useLatest(() => onView({ ...view, most: view.most + MORE }));
  const remove = useLatest(onRemove);
  return (
    <>
      {(all.length > FIRST || isFiltered(view.filter)) && (
        <Filter
          count={all.length}
          shown={isFiltered(filter) ? rows.length : undefined}
          filter={view.filter}
          onFilter={(next) => onView({ most: FIRST, filter: next })}
        />
      )}
      {rows.length === 0 ? (
        <Text c="dimmed" size="sm">
          No domain matches.
        </Text>
      ) : (
        <DomainsTable
          {...where}
          all={all}
          rows={rows}
          most={view.most}
          onMore={more}
          onRemove={remove}
        />
      )}
    </>
  );
}

interface FilterProps {
  /** How many domains there are. */
  count: number;
  /** How many the filter lets through, if there is one. */
  shown: number | undefined;
  filter: DomainsFilter;
  onFilter: (filter: DomainsFilter) => void;
}

function Filter({ count, shown, filter, onFilter }: FilterProps) {
  const domains = counted(count, 'domain');
  return (
    <div className={classes.filter}>
      <TextInput
        className={classes.find}
        aria-label={`Find among ${domains}`}
        placeholder={`Find among ${domains}`}
        leftSection={<IconSearch size={16} aria-hidden />}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        value={filter.text}
        onChange={(event) => onFilter({ ...filter, text: event.currentTarget.value })}
      />
      <NativeSelect
        aria-label="Ownership"
        data={[
          { value: '', label: 'Any ownership' },
          ...ALL_STATES.map((value) => ({ value, label: STATES[value].label })),
        ]}
        value={filter.state}
        onChange={(event) =>
          onFilter({ ...filter, state: event.currentTarget.value as ShownState | '' })
        }
      />
      <Text c="dimmed" size="sm" role="status">
        {shown === undefined ? domains : `${shown.toLocaleString('en')} of ${domains}`}
      </Text>
    </div>
  );
}

/** The rows of a draft. A row stays the same object while nothing about its domain changes. */
function useRows(draft: Draft, stored: Rules, refused: Refused): readonly DomainRow[] {
  const before = useRef<ReadonlyMap<string, DomainRow>>(new Map());
  const rows = useMemo(
    () => rowsOf(draft, stored, refused, before.current),
    [draft, stored, refused],
  );
  useLayoutEffect(() => {
    before.current = new Map(rows.map((row) => [row.id, row]));
  }, [rows]);
  return rows;
}

import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { nameOf, type Person } from '../members/provenance';
import { isAddress, isExact } from '../members/search';
import { accountFound, accountsFound } from '../search/queries';
import classes from './Activity.module.css';
import { KINDS, kindNamed } from './kinds';
import { type Filters, ofOrganization, shownQuery } from './queries';

interface Props {
  organizationId: string;
  filters: Filters;
  onFilters: (filters: Filters) => void;
}

/** Mantine hides the button from the keyboard and from screen readers. */
const clearButton = (label: string) => ({
  'aria-label': label,
  'aria-hidden': false,
  tabIndex: 0,
});

/** Within the page's content, which is a landmark. */
const WITHIN = { portalProps: { target: '#content' } };

/** Chooses the kind of activity and the person whom it is about. */
export function ActivityFilters({ organizationId, filters, onFilters }: Props) {
  const { type, user } = filters;
  return (
    <div className={classes.toolbar}>
      <Select
        className={classes.filter}
        aria-label="Kind"
        placeholder="Any kind"
        clearable
        clearButtonProps={clearButton('Any kind')}
        searchable
        nothingFoundMessage="No kind has this name"
        data={OPTIONS}
        value={type ?? null}
        onChange={(next) => {
          const chosen = kindNamed(next ?? undefined);
          onFilters({ ...(user && { user }), ...(chosen && { type: chosen }) });
        }}
      />
      <PersonFilter
        organizationId={organizationId}
        filters={filters}
        onUser={(next) => onFilters({ ...(type && { type }), ...(next && { user: next }) })}
      />
    </div>
  );
}

const OPTIONS = KINDS.map(({ group, kinds }) => ({
  group,
  items: Object.entries(kinds).map(([value, label]) => ({ value, label })),
}));

const PAUSE_MS = 200;

interface PersonProps {
  organizationId: string;
  filters: Filters;
  onUser: (user: string | undefined) => void;
}

/**
 * Chooses a person: one who is in the list, or whose whole address or ID is typed. A person who is no
 * longer in the user pool is found by the ID.
 */
function PersonFilter({ organizationId, filters, onUser }: PersonProps) {
  const { user } = filters;
  const [text, setText] = useState('');
  const [typed] = useDebouncedValue(text.trim(), PAUSE_MS);
  const people = usePeople(organizationId, filters);
  const chosen = useQuery({ ...accountFound(user ?? ''), enabled: user !== undefined });
  const asksAddress = isAddress(typed);
  const accounts = useQuery({ ...accountsFound(typed), enabled: asksAddress });
  const known = new Map<string, Person>();
  for (const person of [...people, ...(accounts.data ?? [])]) known.set(person.id, person);
  if (user) known.set(user, known.get(user) ?? chosen.data ?? unnamed(user));
  if (!asksAddress && isExact(typed) && !known.has(typed)) known.set(typed, unnamed(typed));
  const nothing = nothingFound(text.trim(), accounts);
  return (
    <Select
      className={classes.person}
      classNames={{ option: classes.option ?? '' }}
      aria-label="Person"
      placeholder="Anybody: address or user ID"
      clearable
      comboboxProps={WITHIN}
      clearButtonProps={clearButton('Anybody')}
      searchable
      nothingFoundMessage={nothing}
      maxLength={320}
      limit={MOST_SHOWN}
      data={[...known.values()].map(optionOf)}
      filter={({ options, search }) => {
        const wanted = search.trim().toLowerCase();
        const found = new Set(accounts.data?.map(({ id }) => id));
        return options.filter(
          (option) =>
            'value' in option &&
            (option.label.toLowerCase().includes(wanted) ||
              option.value.includes(wanted) ||
              (asksAddress && found.has(option.value))),
        );
      }}
      onSearchChange={setText}
      value={user ?? null}
      onChange={(next) => onUser(next ?? undefined)}
    />
  );
}

const MOST_SHOWN = 50;

const unnamed = (id: string): Person => ({ id, primaryEmail: null, username: null });

function nothingFound(text: string, accounts: { error: unknown; isFetching: boolean }): string {
  if (!isAddress(text)) return 'Type a whole address or user ID';
  if (accounts.error) return 'The address could not be looked up. Type the user ID';
  return accounts.isFetching ? 'Looking for the address…' : 'No account has this address';
}

/** Persons with the same address are told apart by their IDs. */
function optionOf(person: Person, _index: number, all: readonly Person[]) {
  const name = nameOf(person);
  const isShared = all.some((other) => other.id !== person.id && nameOf(other) === name);
  return { value: person.id, label: isShared ? `${name} (${person.id})` : name };
}

/** Those whom the activity is about that is shown, or was last shown without filters. */
function usePeople(organizationId: string, filters: Filters): Person[] {
  const of = (some: Filters) => ({
    ...shownQuery(ofOrganization(organizationId, some)),
    enabled: false,
  });
  const { data: all = [] } = useInfiniteQuery(of({}));
  const { data: shown = [] } = useInfiniteQuery(of(filters));
  return [...shown, ...all].flatMap(({ userId: id, primaryEmail = null, username = null }) =>
    id ? [{ id, primaryEmail, username }] : [],
  );
}

import { Combobox, Pill, PillsInput, useCombobox } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { problemOf } from '../api/problem';
import type { Role } from '../api/types';
import { notify } from '../ui/notify';
import { createRole, rolesQuery } from './queries';

const CREATE = '$create';
const MOST_SHOWN = 50;

interface Props {
  /** What the roles are for, as the name of the field. */
  label: string;
  description?: string;
  /** The ids of the selected roles. */
  value: readonly string[];
  onChange: (value: string[]) => void;
  /** Why the selection was refused. */
  error?: ReactNode;
}

/** Selects roles by name, and creates new ones, which Mantine's `MultiSelect` cannot. */
export function RolePicker({ label, description, value, onChange, error }: Props) {
  const roles = useQuery(rolesQuery);
  const creation = useMutation({ mutationFn: createRole });
  const [search, setSearch] = useState('');
  const combobox = useCombobox({ onDropdownClose: () => combobox.resetSelectedOption() });

  const known = roles.data ?? [];
  const named = new Map(known.map((role) => [role.id, role.name]));
  const text = search.trim();
  const options = matching(known, value, text);
  const isNew = text !== '' && roles.isSuccess && !known.some(({ name }) => same(name, text));

  const pick = (id: string) => {
    onChange([...value, id]);
    setSearch('');
    combobox.closeDropdown();
  };
  const create = () =>
    creation.mutate(
      { name: text },
      {
        onSuccess: ({ id, name }) => {
          notify(`The role “${name}” is created.`);
          pick(id);
        },
      },
    );
  const remove = (id: string) => onChange(value.filter((other) => other !== id));
  const onKeyDown = ({ key }: KeyboardEvent) => {
    const last = value.at(-1);
    if (key === 'Backspace' && search === '' && last !== undefined) remove(last);
  };
  const reason =
    error ??
    (creation.error || roles.error ? problemOf(creation.error ?? roles.error).detail : null);

  return (
    <Combobox
      store={combobox}
      // Keeps the dropdown within the dialog in the DOM, without being cut off by it.
      withinPortal={false}
      floatingStrategy="fixed"
      onOptionSubmit={(id) => (id === CREATE ? create() : pick(id))}
    >
      <Combobox.DropdownTarget>
        <PillsInput
          description={description}
          error={reason}
          onClick={() => combobox.openDropdown()}
        >
          <Pill.Group>
            {value.map((id) => (
              <Pill
                key={id}
                withRemoveButton
                onRemove={() => remove(id)}
                removeButtonProps={{
                  'aria-label': `Remove ${named.get(id) ?? id}`,
                  'aria-hidden': false,
                  tabIndex: 0,
                }}
              >
                {named.get(id) ?? (roles.isPending ? '…' : id)}
              </Pill>
            ))}
            <Combobox.EventsTarget>
              <PillsInput.Field
                aria-label={label}
                placeholder={value.length === 0 ? 'Select roles, or type a new name' : 'Add a role'}
                maxLength={128}
                value={search}
                onFocus={() => combobox.openDropdown()}
                onBlur={() => combobox.closeDropdown()}
                onKeyDown={onKeyDown}
                onChange={(event) => {
                  setSearch(event.currentTarget.value);
                  creation.reset();
                  combobox.openDropdown();
                  combobox.selectFirstOption();
                }}
              />
            </Combobox.EventsTarget>
          </Pill.Group>
        </PillsInput>
      </Combobox.DropdownTarget>
      <Combobox.Dropdown>
        <Combobox.Options aria-label={label} mah={260} style={{ overflowY: 'auto' }}>
          {options.map(({ id, name }) => (
            <Combobox.Option key={id} value={id}>
              {name}
            </Combobox.Option>
          ))}
          {isNew && (
            <Combobox.Option value={CREATE} disabled={creation.isPending}>
              <IconPlus size={14} aria-hidden /> Create the role “{text}”
            </Combobox.Option>
          )}
          {options.length === 0 && !isNew && (
            <Combobox.Empty>
              {roles.isPending ? 'Loading roles' : 'Type a name to create a role'}
            </Combobox.Empty>
          )}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

function matching(roles: readonly Role[], picked: readonly string[], text: string): Role[] {
  const wanted = text.toLocaleLowerCase();
  return roles
    .filter(({ id, name }) => !picked.includes(id) && name.toLocaleLowerCase().includes(wanted))
    .slice(0, MOST_SHOWN);
}

function same(one: string, other: string): boolean {
  return one.localeCompare(other, undefined, { sensitivity: 'accent' }) === 0;
}

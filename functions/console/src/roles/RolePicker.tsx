import { Combobox, Pill, PillsInput, useCombobox } from '@mantine/core';
import { useUncontrolled } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import { flushSync } from 'react-dom';
import { problemOf } from '../api/problem';
import { useChips } from '../ui/useChips';
import { newRoleName } from './newRoles';
import { rolesQuery } from './queries';
import classes from './RolePicker.module.css';
import { searchable } from './ranking';
import { type Choice, type Choices, choicesFor, roleNameOf, takenInto } from './selection';

interface Props {
  /** What the roles are for, as the name of the field. */
  label: string;
  /** Whether the label is shown, because no heading says what the roles are for. */
  withLabel?: boolean;
  description?: string;
  /** The ids of the selected roles, and the new roles (newRoles.ts). */
  value: readonly string[];
  onChange: (value: string[]) => void;
  /** Whether new roles can be selected. They are created by `storedRoles` when the value is saved. */
  creatable?: boolean;
  /** Why the selection was refused. */
  error?: ReactNode;
  /** The text in the field, if the caller keeps it. */
  text?: string;
  onTextChange?: (text: string) => void;
  /** The field. */
  fieldRef?: RefObject<HTMLInputElement | null>;
}

/**
 * Selects roles by name, and names new ones. In a form, a text that is typed but not selected is taken
 * in when the form is submitted, or keeps it from being submitted.
 *
 * Mantine's `MultiSelect` is not used: it creates no roles, and Enter selects the first name that
 * contains the text, however unlikely it is meant.
 */
export function RolePicker(props: Props) {
  const { label, withLabel = false, description, value, creatable = false, error } = props;
  const picker = useRolePicker(props);
  const { combobox, field, chips, known, choices, active, text, loading } = picker;
  const listId = useId();
  const optionId = (index: number | undefined) =>
    index === undefined ? undefined : `${listId}-${index}`;
  const opened = combobox.dropdownOpened;
  const activeId = opened ? optionId(active) : undefined;
  useEffect(() => {
    if (activeId) document.getElementById(activeId)?.scrollIntoView({ block: 'nearest' });
  }, [activeId]);
  return (
    <Combobox
      store={combobox}
      // Keeps the dropdown within the dialog in the DOM. The dialog does not cut it off, because it
      // is fixed, and no ancestor has a transform.
      withinPortal={false}
      floatingStrategy="fixed"
      onOptionSubmit={picker.pick}
    >
      <Combobox.DropdownTarget>
        <PillsInput
          // The field itself has the label as its name.
          label={withLabel && label}
          labelProps={{ labelElement: 'div' }}
          description={description}
          error={picker.reason ?? error}
          errorProps={{ role: 'alert' }}
          onClick={() => combobox.openDropdown()}
        >
          <Pill.Group ref={chips.list}>
            {value.map((id, index) => (
              <RolePill
                key={id}
                id={id}
                name={roleNameOf(id, known) ?? (loading ? '…' : id)}
                onRemove={() => chips.remove(index)}
                onKeyDown={(event) => chips.onChipKey(event, index)}
              />
            ))}
            <PillsInput.Field
              ref={field}
              role="combobox"
              aria-label={label}
              aria-autocomplete="list"
              aria-haspopup="listbox"
              aria-expanded={opened}
              aria-controls={opened && choices.shown.length > 0 ? listId : undefined}
              aria-activedescendant={activeId}
              // Escape closes the dropdown, and not the dialog.
              data-mantine-stop-propagation={opened || undefined}
              autoComplete="off"
              placeholder={placeholder(value.length > 0, creatable)}
              maxLength={128}
              value={picker.typed}
              onBlur={() => combobox.closeDropdown()}
              onKeyDown={picker.onKeyDown}
              onChange={(event) => {
                picker.type(event.currentTarget.value);
                combobox.openDropdown();
              }}
            />
          </Pill.Group>
        </PillsInput>
      </Combobox.DropdownTarget>
      <Combobox.Dropdown>
        {choices.shown.length > 0 && (
          <Combobox.Options id={listId} aria-label={label} className={classes.options}>
            {choices.shown.map((choice, index) => (
              <Combobox.Option
                key={choice.id}
                id={optionId(index)}
                value={choice.id}
                selected={index === active}
                aria-selected={index === active}
              >
                <ChoiceText of={choice} />
              </Combobox.Option>
            ))}
          </Combobox.Options>
        )}
        <div role="status" className={classes.note}>
          {opened && noteOn(choices, text, loading, creatable)}
        </div>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** The state of a picker, and what its keys do. */
function useRolePicker(props: Props) {
  const { value, onChange, creatable = false } = props;
  const roles = useQuery(rolesQuery);
  const [typed, setTyped] = useUncontrolled({
    defaultValue: '',
    ...(props.text !== undefined && { value: props.text }),
    ...(props.onTextChange && { onChange: props.onTextChange }),
  });
  const [reason, setReason] = useState<string>();
  const [moved, setMoved] = useState<number>();
  const combobox = useCombobox();
  const own = useRef<HTMLInputElement>(null);
  const field = props.fieldRef ?? own;
  const known = useMemo(() => roles.data ?? [], [roles.data]);
  const searched = useMemo(() => searchable(known), [known]);
  const text = typed.trim();
  const choices = choicesFor(searched, value, text, creatable && roles.isSuccess);
  const { shown } = choices;
  const meant = text !== '' && shown[0]?.likely ? 0 : undefined;
  const active = moved ?? meant;

  const type = (next: string) => {
    setTyped(next);
    setReason(undefined);
    setMoved(undefined);
  };
  const pick = (id: string) => {
    onChange([...value, id]);
    type('');
    combobox.closeDropdown();
  };
  useSubmission(field, (event) => {
    if (text === '') return;
    const taken = takenInto(value, text, known);
    if ('selection' in taken) {
      flushSync(() => {
        onChange(taken.selection);
        type('');
      });
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    setReason(taken.reason);
    field.current?.focus();
  });
  const chips = useChips<HTMLDivElement>(field, (index) =>
    onChange(value.filter((_, other) => other !== index)),
  );
  const move = (by: 1 | -1) => {
    combobox.openDropdown();
    const from = active ?? (by === 1 ? -1 : 0);
    if (shown.length > 0) setMoved((from + by + shown.length) % shown.length);
  };
  const enter = (event: KeyboardEvent) => {
    const choice = combobox.dropdownOpened && active !== undefined ? shown[active] : undefined;
    // With nothing to select, Enter submits the form.
    if (!choice && text === '') return;
    event.preventDefault();
    if (choice) pick(choice.id);
    else combobox.openDropdown();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (typed === '') chips.onEmptyFieldKey(event);
    if (event.key === 'Enter') enter(event);
    else if (event.key === 'Escape') combobox.closeDropdown();
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      move(event.key === 'ArrowDown' ? 1 : -1);
    }
  };
  return {
    combobox,
    field,
    chips,
    known,
    choices,
    /** The place of the choice that Enter selects. */
    active,
    typed,
    text,
    loading: roles.isPending,
    reason: reason ?? (roles.error ? problemOf(roles.error).detail : undefined),
    type,
    pick,
    onKeyDown,
  };
}

/** Calls when the form of a field is submitted, before the form does what it does then. */
function useSubmission(
  field: RefObject<HTMLInputElement | null>,
  onSubmit: (event: SubmitEvent) => void,
) {
  useEffect(() => {
    const form = field.current?.form;
    form?.addEventListener('submit', onSubmit, { capture: true });
    return () => form?.removeEventListener('submit', onSubmit, { capture: true });
  });
}

interface RolePillProps {
  id: string;
  name: string;
  onRemove: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function RolePill({ id, name, onRemove, onKeyDown }: RolePillProps) {
  return (
    <Pill
      withRemoveButton
      onRemove={onRemove}
      removeButtonProps={{
        'aria-label': `Remove ${name}`,
        'aria-hidden': false,
        tabIndex: 0,
        onKeyDown,
      }}
    >
      {newRoleName(id) === undefined ? name : `${name} (new)`}
    </Pill>
  );
}

function ChoiceText({ of: { name, isNew } }: { of: Choice }) {
  if (!isNew) return name;
  return (
    <>
      <IconPlus size={14} aria-hidden /> Create the role “{name}” when you save
    </>
  );
}

function placeholder(hasSome: boolean, creatable: boolean): string {
  if (hasSome) return 'Add a role';
  return creatable ? 'Select roles, or type a new name' : 'Select roles';
}

/** What the dropdown says below the choices. */
function noteOn(
  { shown, fitting }: Choices,
  text: string,
  loading: boolean,
  creatable: boolean,
): string {
  const roles = shown.filter(({ isNew }) => !isNew).length;
  if (loading) return 'Loading roles';
  if (fitting > roles) return `${roles} of ${fitting} shown. Type more to find others`;
  if (shown.length > 0) return '';
  if (text !== '') return `No other role has “${text}” in its name`;
  return creatable ? 'Type a name to create a role' : 'There are no other roles';
}

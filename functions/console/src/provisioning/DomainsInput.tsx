import { PillsInput, Text, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import {
  type ClipboardEvent,
  type KeyboardEvent,
  type MouseEvent,
  type RefObject,
  useDeferredValue,
  useMemo,
  useState,
} from 'react';
import { flushSync } from 'react-dom';
import { useDraft } from '../app/drafts';
import { counted } from '../organizations/counts';
import { useChips } from '../ui/useChips';
import { DomainChips, domainOf } from './DomainChips';
import classes from './DomainsInput.module.css';
import { normalised, splitDomains } from './domains';
import type { Refused } from './refusals';
import type { Note } from './useEditor';

interface Props {
  domains: readonly string[];
  /** The domains that are not saved yet. */
  added: ReadonlySet<string>;
  refused: Refused;
  /** The key of the draft that is the text in the field. */
  textKey: string;
  field: RefObject<HTMLInputElement | null>;
  note: Note | undefined;
  onTextChange: (text: string) => void;
  /** Takes in what is typed. The rest is still being typed. */
  onTake: (text: string, rest?: string) => void;
  onRemove: (domain: string) => void;
}

/** The length from which a list can be filtered. */
const LONG = 50;

/**
 * Email domains as chips. Mantine's `TagsInput` is not used: its chips are not a list, the arrow keys
 * do not reach them, and Backspace removes one without selecting it first.
 */
export function DomainsInput(props: Props) {
  const { domains, added, refused, field, note, onTake, onRemove } = props;
  const [filter, setFilter] = useState('');
  const deferred = useDeferredValue(filter);
  // A filter that is cleared shows everything at once.
  const wanted = (filter && deferred).trim().toLowerCase();
  const shown = useMemo(() => containing(domains, wanted), [domains, wanted]);
  const chips = useChips<HTMLDivElement>(field, (index) => {
    const domain = shown[index];
    if (domain !== undefined) onRemove(domain);
  });
  /** Shows what was added, which is at the end of the list. */
  const take = (text: string, rest?: string) => {
    flushSync(() => {
      setFilter('');
      onTake(text, rest);
    });
    const list = chips.list.current?.firstElementChild;
    list?.scrollTo({ top: list.scrollHeight });
  };
  /** Calls with the place of the chip whose button an event comes from. */
  const onChip = (event: MouseEvent | KeyboardEvent, act: (index: number) => void) => {
    const domain = domainOf(event.target);
    if (domain === undefined) return;
    // A click on the rest of the box focuses the field.
    event.stopPropagation();
    act(shown.indexOf(domain));
  };
  const isLong = domains.length > LONG || filter !== '';
  return (
    <>
      {isLong && (
        <div className={classes.filter}>
          <TextInput
            aria-label={`Find among ${counted(domains.length, 'domain')}`}
            placeholder={`Find among ${counted(domains.length, 'domain')}`}
            leftSection={<IconSearch size={16} aria-hidden />}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
          <Text c="dimmed" size="sm" role="status">
            {wanted === ''
              ? counted(domains.length, 'domain')
              : `${shown.length.toLocaleString('en')} of ${counted(domains.length, 'domain')}`}
          </Text>
        </div>
      )}
      <PillsInput
        description="Type one, or paste a list separated by commas, spaces or lines."
        error={note?.blocks && note.text}
        errorProps={{ role: 'alert' }}
        classNames={{ input: classes.box }}
      >
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the events are those of the buttons in it */}
        <div
          ref={chips.list}
          role="presentation"
          onClick={(event) => onChip(event, chips.remove)}
          onKeyDown={(event) => onChip(event, (index) => chips.onChipKey(event, index))}
        >
          <DomainChips domains={shown} added={added} refused={refused} />
        </div>
        <DomainField {...props} onTake={take} onEmptyKey={chips.onEmptyFieldKey} />
      </PillsInput>
      <Text c="dimmed" size="sm" role="status" className={classes.note}>
        {note && !note.blocks && note.text}
      </Text>
    </>
  );
}

interface FieldProps extends Props {
  onEmptyKey: (event: KeyboardEvent) => void;
}

/** The field. It alone follows its text, so that a key that is pressed renders nothing else. */
function DomainField({ field, textKey, domains, onTextChange, onTake, onEmptyKey }: FieldProps) {
  const [text = ''] = useDraft<string>(textKey);
  const type = (next: string) => {
    // The text after the last separator is still being typed.
    const [, whole, rest] = /^(.*[\s,;])([^\s,;]*)$/s.exec(next) ?? [];
    if (whole === undefined) onTextChange(next);
    else onTake(whole, rest);
  };
  const paste = (event: ClipboardEvent<HTMLInputElement>) => {
    const pasted = event.clipboardData.getData('text');
    if (splitDomains(pasted).length < 2) return;
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    const before = text.slice(0, selectionStart ?? text.length);
    onTake(`${before} ${pasted} ${text.slice(selectionEnd ?? text.length)}`);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      onTake(text);
    } else if (text === '') {
      onEmptyKey(event);
    }
  };
  return (
    <PillsInput.Field
      ref={field}
      className={classes.field}
      aria-label="Add email domains"
      placeholder={domains.length === 0 ? 'acme.com' : 'Add a domain'}
      autoCapitalize="none"
      autoComplete="off"
      spellCheck={false}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      onPaste={paste}
      onKeyDown={onKeyDown}
    />
  );
}

function containing(domains: readonly string[], text: string): readonly string[] {
  if (text === '') return domains;
  // A whole label that is not ASCII is found too.
  const ascii = normalised(text);
  return domains.filter((domain) => domain.includes(text) || domain.includes(ascii));
}

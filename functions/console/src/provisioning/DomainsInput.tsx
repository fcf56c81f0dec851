import { CloseButton, PillsInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { type ClipboardEvent, type KeyboardEvent, useRef } from 'react';
import classes from './DomainsInput.module.css';
import { splitDomains } from './domains';

interface Props {
  domains: readonly string[];
  /** The domains that are not saved yet. */
  added: ReadonlySet<string>;
  /** Why domains were refused, by domain. */
  refused: Readonly<Record<string, string>>;
  /** The text in the field. */
  text: string;
  onTextChange: (text: string) => void;
  onAdd: (domains: string[]) => void;
  onRemove: (domain: string) => void;
}

/**
 * Email domains as chips. Mantine's `TagsInput` is not used: its chips are not a list, the arrow keys
 * do not reach them, and Backspace removes one without selecting it first.
 */
export function DomainsInput(props: Props) {
  const { domains, text, onTextChange, onAdd, onRemove } = props;
  const list = useRef<HTMLUListElement>(null);
  const field = useRef<HTMLInputElement>(null);

  const chips = () => [...(list.current?.querySelectorAll('button') ?? [])];
  /** Focuses a chip, or the field after the last one. */
  const goTo = (index: number) => (chips()[Math.max(index, 0)] ?? field.current)?.focus();

  const commit = () => {
    onAdd(splitDomains(text));
    onTextChange('');
  };
  const type = (next: string) => {
    // The text after the last separator is still being typed.
    const [, whole = '', rest = next] = /^(.*[\s,;])([^\s,;]*)$/s.exec(next) ?? [];
    onAdd(splitDomains(whole));
    onTextChange(rest);
  };
  const paste = (event: ClipboardEvent<HTMLInputElement>) => {
    const pasted = event.clipboardData.getData('text');
    if (splitDomains(pasted).length < 2) return;
    event.preventDefault();
    onAdd(splitDomains(`${text} ${pasted}`));
    onTextChange('');
  };
  const onFieldKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      commit();
    } else if ((event.key === 'Backspace' || event.key === 'ArrowLeft') && text === '') {
      event.preventDefault();
      goTo(domains.length - 1);
    }
  };
  const onChipKey = (event: KeyboardEvent, index: number, domain: string) => {
    const act = CHIP_KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    if (act === 'remove') onRemove(domain);
    goTo(act === 'remove' ? index + (index + 1 < domains.length ? 1 : -1) : act(index));
  };

  return (
    <PillsInput
      description="Type one, or paste a list separated by commas, spaces or lines."
      classNames={{ input: classes.box }}
    >
      <ul ref={list} className={classes.list} aria-label="Email domains">
        {domains.map((domain, index) => (
          <Chip
            key={domain}
            domain={domain}
            {...props}
            onKeyDown={(event) => onChipKey(event, index, domain)}
          />
        ))}
        <li className={classes.typed}>
          <PillsInput.Field
            ref={field}
            aria-label="Add email domains"
            placeholder={domains.length === 0 ? 'acme.com' : 'Add a domain'}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            value={text}
            onChange={(event) => type(event.currentTarget.value)}
            onPaste={paste}
            onKeyDown={onFieldKey}
            onBlur={commit}
          />
        </li>
      </ul>
    </PillsInput>
  );
}

const CHIP_KEYS: Record<string, 'remove' | ((index: number) => number)> = {
  ArrowLeft: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  Home: () => 0,
  End: () => Number.MAX_SAFE_INTEGER,
  Backspace: 'remove',
  Delete: 'remove',
};

interface ChipProps extends Pick<Props, 'added' | 'refused' | 'onRemove'> {
  domain: string;
  onKeyDown: (event: KeyboardEvent) => void;
}

function Chip({ domain, added, refused, onRemove, onKeyDown }: ChipProps) {
  const reason = refused[domain];
  const state = reason === undefined ? (added.has(domain) ? 'new' : 'saved') : 'refused';
  return (
    <li className={classes.chip} data-state={state} title={reason}>
      {reason !== undefined && <IconAlertTriangle size={14} role="img" aria-label="Refused:" />}
      <span>{domain}</span>
      <CloseButton
        size="xs"
        variant="transparent"
        tabIndex={-1}
        aria-label={`Remove ${domain}`}
        onClick={() => onRemove(domain)}
        onKeyDown={onKeyDown}
      />
    </li>
  );
}

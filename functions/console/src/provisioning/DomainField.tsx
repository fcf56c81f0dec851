import { TextInput } from '@mantine/core';
import type { ClipboardEvent, KeyboardEvent, RefObject } from 'react';
import { useDraft } from '../app/drafts';
import { isPlain, needsReview } from './pasted';
import type { Note } from './useEditor';

interface Props {
  /** Whether no domain is listed yet. */
  isFirst: boolean;
  /** The key of the draft that is the text in the field. */
  textKey: string;
  field: RefObject<HTMLInputElement | null>;
  note: Note | undefined;
  onTextChange: (text: string) => void;
  /** Takes in what is typed. The rest is still being typed. */
  onTake: (text: string, rest?: string) => void;
  /** Shows what would become of a text before any of it is taken in. */
  onReview: (text: string) => void;
}

/** The field for new domains. It alone follows its text, so that a key that is pressed renders nothing else. */
export function DomainField(props: Props) {
  const { isFirst, textKey, field, note, onTextChange, onTake, onReview } = props;
  const [text = ''] = useDraft<string>(textKey);
  const type = (next: string) => {
    // The text after the last separator is still being typed. Words that are no domains may belong to it.
    const [, whole, rest] = /^(.*[\s,;])([^\s,;]*)$/s.exec(next) ?? [];
    if (whole === undefined || !isPlain(whole)) onTextChange(next);
    else onTake(whole, rest);
  };
  const paste = (event: ClipboardEvent<HTMLInputElement>) => {
    const pasted = event.clipboardData.getData('text');
    if (!needsReview(pasted)) return;
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    const before = text.slice(0, selectionStart ?? text.length);
    onReview(`${before}\n${pasted}\n${text.slice(selectionEnd ?? text.length)}`);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.key !== 'Enter') return;
    event.preventDefault();
    if (isPlain(text)) onTake(text);
    else onReview(text);
  };
  return (
    <TextInput
      ref={field}
      aria-label="Add email domains"
      description="Type one and press Enter, or paste a list."
      error={note?.blocks && note.text}
      errorProps={{ role: 'alert' }}
      placeholder={isFirst ? 'acme.com' : 'Add a domain'}
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

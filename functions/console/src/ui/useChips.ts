import { type KeyboardEvent, type RefObject, useRef } from 'react';
import { flushSync } from 'react-dom';

/**
 * The keyboard and the focus of chips that stand before a text field. Each chip has one button, which
 * removes it. The arrow keys move between the chips, and past the last one into the field.
 */
export function useChips<List extends HTMLElement>(
  field: RefObject<HTMLInputElement | null>,
  onRemove: (index: number) => void,
) {
  const list = useRef<List>(null);
  const buttons = () => [...(list.current?.querySelectorAll('button') ?? [])];
  /** Focuses a chip, or the field after the last one. */
  const goTo = (index: number) => (buttons()[Math.max(index, 0)] ?? field.current)?.focus();
  /** Removes a chip, and focuses the next one. */
  const remove = (index: number) => {
    flushSync(() => onRemove(index));
    goTo(index);
  };
  return {
    list,
    remove,
    /** Handles the keys of a chip's button. */
    onChipKey: (event: KeyboardEvent, index: number) => {
      const move = MOVES[event.key];
      if (!move && event.key !== 'Backspace' && event.key !== 'Delete') return;
      event.preventDefault();
      if (move) goTo(move(index));
      else remove(index);
    },
    /** Handles the keys of the field while it is empty: they go to the last chip. */
    onEmptyFieldKey: (event: KeyboardEvent) => {
      if (event.key !== 'Backspace' && event.key !== 'ArrowLeft') return;
      event.preventDefault();
      goTo(buttons().length - 1);
    },
  };
}

const MOVES: Record<string, (index: number) => number> = {
  ArrowLeft: (index) => index - 1,
  ArrowRight: (index) => index + 1,
  Home: () => 0,
  End: () => Number.MAX_SAFE_INTEGER,
};

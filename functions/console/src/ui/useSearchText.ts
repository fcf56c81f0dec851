import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';

/** How long nothing has to be typed before the page's address follows, in milliseconds. */
const PAUSE = 200;

/**
 * The text of a search field whose text is part of the page's address. The address follows the
 * field while the user types, and at once with `apply`. The field follows the address when the user
 * goes back or forward.
 */
export function useSearchText(
  inAddress: string,
  show: (text: string) => void,
): [text: string, change: (text: string) => void, apply: () => void] {
  const [text, setText] = useState(inAddress);
  const own = useRef(inAddress);
  const showSoon = useDebouncedCallback((next: string) => {
    own.current = next;
    show(next);
  }, PAUSE);
  useEffect(() => {
    if (inAddress === own.current) return;
    own.current = inAddress;
    showSoon.cancel();
    setText(inAddress);
  }, [inAddress, showSoon]);
  const change = (next: string) => {
    setText(next);
    showSoon(next.trim());
  };
  return [text, change, () => showSoon.flush()];
}

import { CloseButton, Loader, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import classes from './AddressSearch.module.css';

interface Props {
  /** The page whose list is searched. */
  from: '/organizations' | '/roles';
  /** What is searched, and by what. */
  label: string;
  placeholder: string;
  searching?: boolean;
}

/**
 * Searches a list while the user types. The text is part of the page's address, and follows it
 * wherever a navigation leads.
 */
export function AddressSearch({ from, label, placeholder, searching = false }: Props) {
  const { text, change, apply } = useAddressText(from);
  return (
    <TextInput
      type="search"
      className={classes.search}
      aria-label={label}
      placeholder={placeholder}
      maxLength={128}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      onKeyDown={({ key }) => {
        if (key === 'Enter' || key === 'Tab') apply();
      }}
      leftSection={searching ? <Loader size={16} /> : <IconSearch size={18} stroke={1.75} />}
      rightSection={
        text && <CloseButton aria-label="Clear the search" onClick={() => change('')} />
      }
    />
  );
}

function useAddressText(from: Props['from']) {
  const { q = '' } = useSearch({ from });
  const navigate = useNavigate({ from });
  const router = useRouter();
  const [text, setText] = useState(q);
  /** The text of the next navigation, if it comes from this field. */
  const own = useRef<string>(undefined);
  const showSoon = useDebouncedCallback((next: string) => {
    own.current = next;
    void navigate({ search: next ? { q: next } : {}, replace: true });
  }, 200);
  useEffect(
    () =>
      router.subscribe('onBeforeNavigate', ({ toLocation }) => {
        const next = searchedText(toLocation.search);
        const isOwn = own.current === next;
        own.current = undefined;
        if (isOwn) return;
        showSoon.cancel();
        setText(next);
      }),
    [router, showSoon],
  );
  return {
    text,
    change: (next: string) => {
      setText(next);
      showSoon(next.trim());
    },
    apply: () => showSoon.flush(),
  };
}

/** The searched text in a page's address. One that was written by hand can be a number. */
export function searchedText({ q }: { q?: unknown }): string {
  return typeof q === 'string' || typeof q === 'number' ? String(q) : '';
}

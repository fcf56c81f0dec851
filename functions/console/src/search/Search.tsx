import { Skeleton, Stack, TextInput, VisuallyHidden } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { type Query, useIsFetching, useQueryClient } from '@tanstack/react-query';
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { rolesQuery } from '../roles/queries';
import { Examples } from './Examples';
import { Results } from './Results';
import { type Recognised, recognise } from './recognise';
import { OnOpen } from './result';
import classes from './Search.module.css';
import { summaryOf, useFound } from './useFound';

const PAUSE_MS = 200;

/** One field for a name, an ID, a domain or an address, and what is found. */
export function Search({ onOpen }: { onOpen: () => void }) {
  const [text, setText] = useState('');
  const [paused] = useDebouncedValue(text, PAUSE_MS);
  const field = useRef<HTMLInputElement>(null);
  const results = useRef<HTMLDivElement>(null);
  // The text at which Enter was pressed: it is searched at once, and its first result is wanted.
  const [entered, setEntered] = useState<{ text: string }>();
  const isEmpty = text.trim() === '';
  // What is found for another text than the one in the field is not shown.
  const isAsked = !isEmpty && (text === paused || text === entered?.text);
  const what = isAsked ? recognise(text) : {};
  const found = useFound(what);
  useFirst(entered?.text === text ? entered : undefined, what, results);

  useEffect(() => field.current?.focus(), []);
  const status = isAsked && !found.isLoading ? summaryOf(found) || 'Nothing found' : 'Searching';
  return (
    <Stack
      role="search"
      gap="md"
      onKeyDown={(event) => move(event, field.current, results.current)}
    >
      <TextInput
        ref={field}
        data-autofocus
        aria-label="A name, an ID, an email domain or an email address"
        placeholder="Name, ID, email domain or email address"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        enterKeyHint="search"
        leftSection={<IconSearch size={18} stroke={1.75} aria-hidden />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.nativeEvent.isComposing || isEmpty) return;
          // The first result may be opened at once. Then the focus is on the button that opens the search,
          // and the rest of the same key press would press it.
          event.preventDefault();
          setEntered({ text });
        }}
      />
      <VisuallyHidden role="status">{isEmpty ? '' : status}</VisuallyHidden>
      <OnOpen value={onOpen}>
        <div ref={results} className={classes.results}>
          {isEmpty && <Examples />}
          {!isEmpty && !isAsked && <Skeleton height={20} width="70%" />}
          {isAsked && <Results what={what} found={found} />}
        </div>
      </OnOpen>
    </Stack>
  );
}

/**
 * Goes to the first result once everything has answered; nothing is wanted twice. What was found by
 * name or ID is opened. An answer about a person or a domain is to be read first.
 */
function useFirst(
  wanted: object | undefined,
  { address, domain, userId }: Recognised,
  results: RefObject<HTMLElement | null>,
) {
  const queries = useQueryClient();
  const done = useRef<object>(undefined);
  const isFetching = useIsFetching(ASKING) > 0;
  const isRead = Boolean(address || domain || userId);
  useEffect(() => {
    if (!wanted || wanted === done.current) return;
    // What this rendering has begun to fetch is not in `isFetching` yet.
    if (isFetching || queries.isFetching(ASKING) > 0) return;
    done.current = wanted;
    const [first] = resultsIn(results.current);
    if (isRead) first?.focus();
    else first?.click();
  }, [wanted, isRead, isFetching, queries, results]);
}

/** The queries of the search. */
const ASKING = { predicate: ({ queryKey: [first] }: Query) => ASKED.has(first) };
const ASKED = new Set<unknown>(['search', ...rolesQuery.queryKey]);

/** Moves between the field and the results with the arrow keys. */
function move(event: KeyboardEvent, field: HTMLElement | null, results: HTMLElement | null) {
  const step = STEPS[event.key];
  if (!step || event.nativeEvent.isComposing) return;
  event.preventDefault();
  const stops: (Element | null)[] = [field, ...resultsIn(results)];
  const at = stops.indexOf(document.activeElement);
  (stops[Math.min(Math.max(at + step, 0), stops.length - 1)] as HTMLElement | null)?.focus();
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

function resultsIn(results: HTMLElement | null): HTMLElement[] {
  return [...(results?.querySelectorAll<HTMLElement>('a[data-result]') ?? [])];
}

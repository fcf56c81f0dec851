import { Skeleton, Stack, TextInput, VisuallyHidden } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { type Query, useIsFetching, useQueryClient } from '@tanstack/react-query';
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { rolesQuery } from '../roles/queries';
import { Examples } from './Examples';
import { Results } from './Results';
import { recognise } from './recognise';
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
  const { isEntered, enter } = useEnter(text, results);
  const isEmpty = text.trim() === '';
  // What is found for another text than the one in the field is not shown.
  const isAsked = !isEmpty && (text === paused || isEntered);
  const what = isAsked ? recognise(text) : {};
  const found = useFound(what);

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
        aria-label="A name, an ID, an email domain or an email address"
        placeholder="Name, ID, email domain or email address"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        enterKeyHint="search"
        leftSection={<IconSearch size={18} stroke={1.75} aria-hidden />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={({ key, nativeEvent }) => {
          if (key === 'Enter' && !nativeEvent.isComposing && !isEmpty) enter();
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
 * Enter asks at once, and goes to the first result as soon as everything has answered. It opens what
 * was found by name or ID; an answer about a person or a domain is to be read first.
 */
function useEnter(text: string, results: RefObject<HTMLElement | null>) {
  const queries = useQueryClient();
  const [entered, setEntered] = useState<{ text: string }>();
  const done = useRef<object>(undefined);
  const isFetching = useIsFetching(ASKING) > 0;
  useEffect(() => {
    if (entered?.text !== text || entered === done.current) return;
    // What this rendering has begun to fetch is not in `isFetching` yet.
    if (isFetching || queries.isFetching(ASKING) > 0) return;
    done.current = entered;
    const { address, domain, userId } = recognise(text);
    const [first] = resultsIn(results.current);
    if (address || domain || userId) first?.focus();
    else first?.click();
  }, [entered, text, isFetching, queries, results]);
  return { isEntered: entered?.text === text, enter: () => setEntered({ text }) };
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

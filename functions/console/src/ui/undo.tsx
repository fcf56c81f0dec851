import { Button, CloseButton, Kbd, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { type FocusEvent, useEffect, useRef, useState } from 'react';
import { problemOf } from '../api/problem';
import { Store, useStore } from '../app/store';
import { keepMessagesAboveOffers } from './messages';
import { notify, notifyFailure } from './notify';
import classes from './undo.module.css';

/** Something that was done, and can be undone for a while. */
interface Undoable {
  id: number;
  message: string;
  /** Resolves with what to tell the user afterwards. */
  undo: () => Promise<string>;
}

/** For how long something can be undone, in milliseconds without the pointer or the focus on it. */
const OFFERED = 20_000;

/** What is open over the page: a key is not meant for the page behind it. */
const OPEN = '[role="dialog"], [role="menu"]';

/** The fields that undo what is typed themselves. */
const TEXT_FIELDS =
  'textarea, select, [contenteditable], input:not([type="checkbox"], [type="radio"])';

const isTyped = ({ target }: Event) => target instanceof Element && target.matches(TEXT_FIELDS);

const offers = new Store<readonly Undoable[]>([]);
let count = 0;

/** The most offers at a time. A new one takes the place of the oldest. */
const MOST_OFFERS = 3;

/** Tells the user that something is done, and offers to undo it. */
export function offerUndo(message: string, undo: Undoable['undo']) {
  offers.value = [...offers.value, { id: count++, message, undo }].slice(-MOST_OFFERS);
}

/** Shows what can be undone, the latest last. Ctrl-Z undoes the latest. */
export function UndoOffers() {
  const shown = useStore(offers, (all) => all);
  return (
    <section
      ref={keepMessagesAboveOffers}
      className={classes.offers}
      aria-label="What can be undone"
    >
      <div role="status">
        {shown.map((offer, index) => (
          <Offer key={offer.id} offer={offer} isLatest={index === shown.length - 1} />
        ))}
      </div>
    </section>
  );
}

function Offer({ offer, isLatest }: { offer: Undoable; isLatest: boolean }) {
  const [held, setHeld] = useState(false);
  const before = useRef<HTMLElement>(null);
  const drop = () => {
    if (!offers.value.includes(offer)) return;
    offers.value = offers.value.filter(({ id }) => id !== offer.id);
    before.current?.focus();
  };
  const undoing = useMutation({
    mutationFn: offer.undo,
    onSuccess: (done) => {
      notify(done);
      drop();
    },
    onError: (error) => {
      // A newer offer has taken its place before the answer came.
      if (!offers.value.includes(offer)) notifyFailure(error, 'This was not undone');
    },
  });
  const act = () => {
    if (!undoing.isPending) undoing.mutate();
  };
  const actOnKey = (event: KeyboardEvent) => {
    if (!isLatest || document.querySelector(OPEN) || isTyped(event)) return;
    event.preventDefault();
    act();
  };
  useHotkeys([['mod+Z', actOnKey, { preventDefault: false }]], []);
  const stays = held || !undoing.isIdle;
  useEffect(() => {
    if (stays) return;
    const timer = setTimeout(() => {
      offers.value = offers.value.filter(({ id }) => id !== offer.id);
    }, OFFERED);
    return () => clearTimeout(timer);
  }, [stays, offer.id]);
  const enter = ({ relatedTarget, currentTarget }: FocusEvent) => {
    setHeld(true);
    if (relatedTarget instanceof HTMLElement && !currentTarget.contains(relatedTarget)) {
      before.current = relatedTarget;
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointer and focus only let it stay.
    <div
      className={classes.offer}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={enter}
      onBlur={() => setHeld(false)}
    >
      <Text size="sm" className={classes.text}>
        {offer.message}
        {undoing.error && (
          <strong className={classes.error}>
            {`This was not undone. ${problemOf(undoing.error).detail}`}
          </strong>
        )}
      </Text>
      <Button
        size="compact-md"
        variant="default"
        aria-busy={undoing.isPending}
        aria-keyshortcuts={isLatest ? 'Control+Z' : undefined}
        rightSection={isLatest && <Kbd size="xs">Ctrl Z</Kbd>}
        onClick={act}
      >
        {undoing.error ? 'Try again' : 'Undo'}
      </Button>
      <CloseButton aria-label="Dismiss" onClick={drop} />
    </div>
  );
}

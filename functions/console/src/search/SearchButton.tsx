import { Kbd, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useEffect, useLayoutEffect, useRef } from 'react';
import { afterStart } from '../app/afterStart';
import { dialogPart } from '../ui/part';
import { remember } from './recent';
import classes from './SearchButton.module.css';
import { opensSearch, SHORTCUTS } from './shortcut';

const SearchDialog = dialogPart(() => import('./SearchDialog').then((it) => it.SearchDialog));
const prepare = () => void SearchDialog.prepare();

/** Opens the search, also by its shortcuts. The search itself is loaded when it is first opened. */
export function SearchButton() {
  const [opened, { open, close }] = useDisclosure();
  const button = useRef<HTMLButtonElement>(null);
  useRecent();
  useEffect(() => afterStart(prepare), []);
  // Before anything can be seen, so that the first key counts.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!opensSearch(event)) return;
      event.preventDefault();
      // What the focus returns to.
      if (document.activeElement === document.body) button.current?.focus();
      open();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [open]);
  return (
    <>
      <UnstyledButton
        ref={button}
        className={classes.button}
        aria-label="Search"
        aria-keyshortcuts={SHORTCUTS}
        onPointerEnter={prepare}
        onClick={open}
      >
        <IconSearch size={20} stroke={1.75} aria-hidden />
        <span className={classes.hint} aria-hidden>
          Search <Kbd size="xs">/</Kbd>
        </span>
      </UnstyledButton>
      {opened && <SearchDialog onClose={close} />}
    </>
  );
}

/** Remembers which organizations are opened. */
function useRecent() {
  const { organizationId } = useParams({ strict: false });
  useEffect(() => {
    if (organizationId) remember(organizationId);
  }, [organizationId]);
}

declare module '@tanstack/react-router' {
  interface HistoryState {
    /** Whether the search has led here: then the page's heading takes the focus. */
    found?: boolean;
  }
}

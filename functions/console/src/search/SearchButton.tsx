import { Kbd, Modal, UnstyledButton } from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { Loaded } from '../ui/Loaded';
import { remember } from './recent';
import classes from './SearchButton.module.css';
import { opensSearch, SHORTCUTS } from './shortcut';

const load = () => import('./Search');

/** Opens the search, also by its shortcuts. The search itself is loaded when it is first opened. */
export function SearchButton() {
  const [opened, { open, close }] = useDisclosure();
  const button = useRef<HTMLButtonElement>(null);
  const isPhone = useMediaQuery('(max-width: 40em)', undefined, { getInitialValueInEffect: false });
  useRecent();
  useEffect(() => {
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
        onPointerEnter={() => void load()}
        onClick={open}
      >
        <IconSearch size={20} stroke={1.75} aria-hidden />
        <span className={classes.hint} aria-hidden>
          Search <Kbd size="xs">/</Kbd>
        </span>
      </UnstyledButton>
      <Modal
        opened={opened}
        onClose={close}
        title="Search"
        size="42rem"
        centered={false}
        yOffset="8dvh"
        fullScreen={isPhone ?? false}
      >
        <LoadedSearch onOpen={close} />
      </Modal>
    </>
  );
}

function LoadedSearch({ onOpen }: { onOpen: () => void }) {
  const module = useQuery({
    queryKey: ['search', 'module'],
    queryFn: load,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={module} of="the search">
      {({ Search }) => <Search onOpen={onOpen} />}
    </Loaded>
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

import { createContext, type MouseEvent, useContext } from 'react';
import { isForNewTab } from '../ui/newTab';
import classes from './Search.module.css';

/** Tells that a result is being opened. */
export const OnOpen = createContext(() => {});

/** What every link to a result has: it closes the search, and the page's heading gets the focus. */
export function useResult() {
  const onOpen = useContext(OnOpen);
  return {
    className: classes.result,
    'data-result': true,
    state: { found: true },
    onClick: (event: MouseEvent) => {
      if (!isForNewTab(event)) onOpen();
    },
  };
}

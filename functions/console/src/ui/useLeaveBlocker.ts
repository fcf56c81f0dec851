import { type RegisteredRouter, type ShouldBlockFn, useBlocker } from '@tanstack/react-router';
import { useCallback, useLayoutEffect, useRef } from 'react';

/**
 * Keeps the user on the page, within the console and in the browser.
 *
 * The router gets the same functions at each rendering. With others, it would take the blocker away and
 * put it back each time, and an effect of another component could leave the page in between.
 *
 * @param isActive whether anything is blocked now
 * @param concerns the navigations that are blocked then. It has to be the same function each time.
 * @param asks whether the component asks the user what to do
 */
export function useLeaveBlocker<Asks extends boolean>(
  isActive: boolean,
  concerns: ShouldBlockFn,
  asks: Asks,
) {
  const active = useRef(isActive);
  useLayoutEffect(() => {
    active.current = isActive;
  }, [isActive]);
  const shouldBlockFn: ShouldBlockFn = useCallback(
    (navigation) => active.current && concerns(navigation),
    [concerns],
  );
  const enableBeforeUnload = useCallback(() => active.current, []);
  return useBlocker<RegisteredRouter, Asks>({
    shouldBlockFn,
    enableBeforeUnload,
    withResolver: asks,
  });
}

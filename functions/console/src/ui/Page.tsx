import { Title } from '@mantine/core';
import { useRouterState } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import classes from './Page.module.css';

interface Props {
  title: string;
  /** The part of the page that is shown, for the title of the document. */
  tab?: string | undefined;
  /** What the page belongs to, for the title of the document. */
  within?: string;
  /** What the page is about, in a sentence. */
  lead?: ReactNode;
  /** The buttons beside the title. */
  actions?: ReactNode;
  /** A link back, shown above the title. */
  above?: ReactNode;
  children: ReactNode;
}

/**
 * A page. Its heading takes the focus if the focused element went away with the previous page, and if
 * the search has led here.
 */
export function Page({ title, tab, within, lead, actions, above, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const found = useRouterState({
    select: ({ resolvedLocation: at }) => (at?.state.found ? at.state.__TSR_key : undefined),
  });
  useEffect(() => {
    const isLost = document.activeElement === document.body;
    if (found || isLost) heading.current?.focus({ preventScroll: true });
  }, [found]);
  return (
    <>
      <title>{[tab, title, within, 'Usher'].filter(Boolean).join(' · ')}</title>
      {above}
      <div className={classes.head}>
        <div className={classes.text}>
          <Title order={1} size="h2" ref={heading} tabIndex={-1} className={classes.title}>
            {title}
          </Title>
          {lead && <div className={classes.lead}>{lead}</div>}
        </div>
        {actions}
      </div>
      {children}
    </>
  );
}

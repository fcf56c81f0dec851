import { Title } from '@mantine/core';
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

/** A page. Its heading takes the focus if the focused element went away with the previous page. */
export function Page({ title, tab, within, lead, actions, above, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
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

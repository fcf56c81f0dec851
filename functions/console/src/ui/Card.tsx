import { Title } from '@mantine/core';
import { type PropsWithChildren, type ReactNode, useId } from 'react';
import classes from './Card.module.css';

/** A card without padding, for a table or a notice. */
export function Card({ children }: PropsWithChildren) {
  return <div className={classes.card}>{children}</div>;
}

interface SectionProps {
  title: string;
  /** What the section is for. */
  lead?: ReactNode;
  /** Whether its parts need the whole width, as tables do. */
  wide?: boolean;
}

/** A card with a heading, for something that can be edited. Its parts are in a column. */
export function Section({ title, lead, wide, children }: PropsWithChildren<SectionProps>) {
  const id = useId();
  return (
    <section
      className={`${classes.card} ${classes.section}`}
      data-wide={wide || undefined}
      aria-labelledby={id}
    >
      <div>
        <Title order={2} size="h5" id={id}>
          {title}
        </Title>
        {lead && <p className={classes.lead}>{lead}</p>}
      </div>
      <div className={classes.content}>{children}</div>
    </section>
  );
}

import type { PropsWithChildren } from 'react';
import classes from './Facts.module.css';

/** What something is, in a line below its name. Its children are {@link Fact}s. */
export function Facts({ children }: PropsWithChildren) {
  return <dl className={classes.facts}>{children}</dl>;
}

export function Fact({ term, children }: PropsWithChildren<{ term: string }>) {
  return (
    <div className={classes.fact}>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

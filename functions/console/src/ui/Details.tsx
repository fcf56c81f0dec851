import { useState } from 'react';
import classes from './Details.module.css';

/** What the API answered, for whoever looks for the cause of an error; nothing without an answer. */
export function Details({ children }: { children: string | undefined }) {
  const [open, setOpen] = useState(false);
  if (!children) return null;
  return (
    <details className={classes.details} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Details</summary>
      {open && children}
    </details>
  );
}

import { useState } from 'react';
import { HelpLink } from '../help/HelpLink';
import classes from './Details.module.css';

interface Props {
  children: string | undefined;
  /** The code of the problem, which the help explains. */
  code?: string | undefined;
}

/** What the API answered, for whoever looks for the cause of an error; nothing without an answer. */
export function Details({ children, code }: Props) {
  const [open, setOpen] = useState(false);
  if (!children) return null;
  return (
    <details className={classes.details} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Details</summary>
      {open && children}
      {open && code && (
        <div>
          <HelpLink to={`errors#${code}`}>What this code means</HelpLink>
        </div>
      )}
    </details>
  );
}

import { STATES } from './ownership';
import type { ShownState } from './rows';
import classes from './State.module.css';

/** The state of the ownership of a domain, and what to do next. */
export function State({ of: state, brief = false }: { of: ShownState; brief?: boolean }) {
  const { label, tone, next } = state === 'new' ? NEW : STATES[state];
  return (
    <span className={classes.state} title={next ? `${label}: ${next}` : label}>
      <span className={classes.dot} data-tone={tone} aria-hidden />
      <span className={classes.label}>{label}</span>
      {next && !brief && <span className={classes.next}>{next}</span>}
    </span>
  );
}

/** A domain has no state before it is saved. */
const NEW = { label: 'Not saved yet', tone: 'plain', next: '' } as const;

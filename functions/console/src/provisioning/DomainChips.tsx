import { IconAlertTriangle } from '@tabler/icons-react';
import { memo } from 'react';
import classes from './DomainsInput.module.css';
import { type Refused, whyRefused } from './refusals';

interface Props {
  domains: readonly string[];
  /** The domains that are not saved yet. */
  added: ReadonlySet<string>;
  refused: Refused;
}

/**
 * The chips of email domains, which can be a thousand. They contain no components of Mantine, take no
 * functions, and are not rendered again unless a domain changes: whoever shows them handles the events
 * of their buttons.
 */
export const DomainChips = memo(function DomainChips({ domains, added, refused }: Props) {
  return (
    <ul className={classes.list} aria-label="Email domains">
      {domains.map((domain, index) => (
        <Chip
          key={domain}
          domain={domain}
          isNew={added.has(domain)}
          code={refused[domain]}
          isFirst={index === 0}
        />
      ))}
    </ul>
  );
});

/** The domain of the chip whose button this is. */
export function domainOf(target: EventTarget): string | undefined {
  return target instanceof Element
    ? target.closest<HTMLElement>('button[data-domain]')?.dataset.domain
    : undefined;
}

interface ChipProps {
  domain: string;
  isNew: boolean;
  /** Why the domain was refused. */
  code: string | undefined;
  /** Whether the Tab key stops here. The arrow keys go on to the others. */
  isFirst: boolean;
}

const Chip = memo(function Chip({ domain, isNew, code, isFirst }: ChipProps) {
  const state = code === undefined ? (isNew ? 'new' : 'saved') : 'refused';
  return (
    <li
      className={classes.chip}
      data-state={state}
      title={code === undefined ? undefined : `${domain} ${whyRefused(code)}`}
    >
      {code !== undefined && <IconAlertTriangle size={14} role="img" aria-label="Refused:" />}
      <span>{domain}</span>
      <button
        type="button"
        className={classes.remove}
        tabIndex={isFirst ? 0 : -1}
        aria-label={`Remove ${domain}`}
        data-domain={domain}
      />
    </li>
  );
});

import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { type RefObject, useEffect, useRef } from 'react';
import type { Refusal } from './outcome';
import { MANY, Reasons } from './Reasons';
import classes from './Reasons.module.css';
import type { Refused } from './refusals';

interface Props {
  /** The last refusal. */
  refusal: Refusal;
  /** The refused domains that are still in the draft. */
  refused: Refused;
  /** The field, which takes the focus when nothing is left. */
  field: RefObject<HTMLInputElement | null>;
  onEdit: (domain: string) => void;
  onDrop: (domains: Iterable<string>) => void;
  /** Replaces domains by what is certainly meant. */
  onMend: (mended: ReadonlyMap<string, string>) => void;
}

/** The domains that were refused when the draft was saved. */
export function RefusedDomains({ refusal, refused, field, ...acts }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (refusal.domains) panel.current?.focus();
  }, [refusal]);
  const count = Object.keys(refused).length;
  if (count === 0) return null;
  const complete = refusal.domains?.complete ?? true;
  const others = refusal.domainsSaved ? 'The others are saved' : 'No domain is saved yet';
  return (
    <Alert
      ref={panel}
      tabIndex={-1}
      color="red"
      role="alert"
      icon={<IconAlertTriangle aria-hidden />}
      title={`${counted(count, complete)} refused. ${others}`}
    >
      {!complete && (
        <p className={classes.note}>
          The other domains could not be checked. Save again to find out whether more are refused.
        </p>
      )}
      {refusal.rolesSaved && <p className={classes.note}>The default roles are saved.</p>}
      <Reasons
        refused={refused}
        next={field}
        isOpenAtFirst={Object.keys(refusal.domains?.codes ?? {}).length < MANY}
        {...acts}
      />
    </Alert>
  );
}

function counted(domains: number, complete: boolean): string {
  if (!complete) return `At least ${domains} domains were`;
  return domains === 1 ? 'One domain was' : `${domains} domains were`;
}

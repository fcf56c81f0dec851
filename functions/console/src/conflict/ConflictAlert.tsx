import { Alert, Button, Group } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { type PropsWithChildren, type ReactNode, useEffect, useRef } from 'react';
import classes from './ConflictAlert.module.css';

interface Props {
  /** What the conflict is about: each takes the focus once. */
  conflict: unknown;
  saving: boolean;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
}

/**
 * Says that somebody else saved in the meantime, and asks which changes to keep. Its children are
 * {@link TheirChange}s.
 */
export function ConflictAlert({
  conflict,
  saving,
  onKeepMine,
  onTakeTheirs,
  children,
}: PropsWithChildren<Props>) {
  const alert = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (conflict) alert.current?.focus();
  }, [conflict]);
  return (
    <Alert
      ref={alert}
      tabIndex={-1}
      className={classes.alert}
      color="orange"
      role="alert"
      icon={<IconUsers aria-hidden />}
      title="Somebody else changed this while you were editing"
    >
      <p>Nothing is overwritten. The page shows their changes with yours on top.</p>
      <dl className={classes.changes}>{children}</dl>
      <Group gap="xs" mt="md">
        <Button size="sm" loading={saving} onClick={onKeepMine}>
          Save mine on top
        </Button>
        <Button size="sm" variant="default" disabled={saving} onClick={onTakeTheirs}>
          Use theirs, discard mine
        </Button>
      </Group>
    </Alert>
  );
}

/** One of their changes: what they changed, and how. */
export function TheirChange({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

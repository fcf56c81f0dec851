import { Alert, Button, Group } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import classes from './Conflict.module.css';
import { type Changes, isChanged } from './changes';
import type { List } from './draft';

interface Props {
  theirs: Record<List, Changes>;
  /** The name of a role. */
  roleName: (id: string) => string;
  saving: boolean;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
}

/** Shows what somebody else changed in the meantime, and asks which changes to keep. */
export function Conflict({ theirs, roleName, saving, onKeepMine, onTakeTheirs }: Props) {
  const alert = useRef<HTMLDivElement>(null);
  // The dependency is the conflict: each takes the focus once.
  useEffect(() => {
    if (theirs) alert.current?.focus();
  }, [theirs]);
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
      <p>Their changes are not overwritten. The page now shows their changes with yours on top.</p>
      <dl className={classes.changes}>
        <Side term="Domains" changes={theirs.domains} name={(domain) => domain} />
        <Side term="Default roles" changes={theirs.roles} name={roleName} />
      </dl>
      <Group gap="xs" mt="md">
        <Button size="sm" loading={saving} onClick={onKeepMine}>
          Save mine on top
        </Button>
        <Button size="sm" variant="default" disabled={saving} onClick={onTakeTheirs}>
          Take theirs, drop mine
        </Button>
      </Group>
    </Alert>
  );
}

interface SideProps {
  term: string;
  changes: Changes;
  name: (item: string) => string;
}

function Side({ term, changes, name }: SideProps) {
  if (!isChanged(changes)) return null;
  const { added, removed } = changes;
  return (
    <>
      {added.length > 0 && <Change term={`${term} they added`} items={added.map(name)} />}
      {removed.length > 0 && <Change term={`${term} they removed`} items={removed.map(name)} />}
    </>
  );
}

const MOST_NAMED = 20;

function Change({ term, items }: { term: string; items: string[] }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        {items.slice(0, MOST_NAMED).join(', ')}
        {items.length > MOST_NAMED && ` and ${items.length - MOST_NAMED} more`}
      </dd>
    </div>
  );
}

import { ConflictAlert, TheirChange } from '../conflict/ConflictAlert';
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
export function Conflict({ theirs, roleName, ...choice }: Props) {
  return (
    <ConflictAlert conflict={theirs} {...choice}>
      <Side term="Domains" changes={theirs.domains} name={(domain) => domain} />
      <Side term="Default roles" changes={theirs.roles} name={roleName} />
    </ConflictAlert>
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
      {added.length > 0 && (
        <TheirChange term={`${term} they added`}>{named(added.map(name))}</TheirChange>
      )}
      {removed.length > 0 && (
        <TheirChange term={`${term} they removed`}>{named(removed.map(name))}</TheirChange>
      )}
    </>
  );
}

const MOST_NAMED = 20;

/** The first items of a list, and how many follow. */
function named(items: string[]): string {
  const first = items.slice(0, MOST_NAMED).join(', ');
  const others = items.length - MOST_NAMED;
  return others > 0 ? `${first} and ${others} more` : first;
}

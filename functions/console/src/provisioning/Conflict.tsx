import { ConflictAlert, TheirChange } from '../conflict/ConflictAlert';
import { ProvidersConflict } from '../providers/ProvidersConflict';
import type { Setting } from '../providers/settings';
import { type Changes, isChanged } from './changes';
import type { Draft } from './draft';

interface Props {
  draft: Draft;
  /** The name of a role. */
  roleName: (id: string) => string;
  saving: boolean;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
  /** Puts their value in the place of mine, in one setting of an identity provider. */
  onTakeProvider: (id: string, field: Setting) => void;
}

/** Shows what somebody else changed in the meantime, and asks which changes to keep. */
export function Conflict({ draft, roleName, onTakeProvider, ...choice }: Props) {
  const { theirs } = draft;
  if (!theirs) return null;
  return (
    <ConflictAlert conflict={theirs} {...choice}>
      <Side term="Domains" changes={theirs.domains} name={(domain) => domain} />
      <Side term="Identity providers" changes={theirs.providers} name={(id) => id} />
      <ProvidersConflict draft={draft} roleName={roleName} onTake={onTakeProvider} />
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

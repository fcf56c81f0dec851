import type { Caller } from '../api/types';
import { knownCaller } from '../session/callers';
import { Dim } from './DataTable';
import { Id } from './Id';

/** Who did something. An earlier release of Usher has not kept it, and a local one has no callers. */
export function By({ caller }: { caller: Caller | null | undefined }) {
  if (!caller) return <Dim>Not known</Dim>;
  const { kind, id } = knownCaller(caller);
  if (kind === 'you') return 'You';
  return (
    <span>
      {kind === 'client' && 'Client '}
      <Id>{id}</Id>
    </span>
  );
}

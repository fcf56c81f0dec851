import type { Caller } from '../api/types';
import { knownCaller } from '../session/callers';
import classes from './ByWhom.module.css';
import { partsOf } from './shortId';

/** Who did something, after the time: the ID of a user or of a program, shortened; nothing if that is not known. */
export function ByWhom({ caller }: { caller: Caller | null }) {
  const id = caller && knownCaller(caller).id;
  if (!id) return null;
  const [head, middle, tail] = partsOf(id);
  return (
    <span className={classes.by} title={`by ${id}`}>
      {` by ${head}${middle && '…'}${tail}`}
    </span>
  );
}

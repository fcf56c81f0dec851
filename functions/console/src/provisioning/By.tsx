import type { Caller } from '../api/types';
import { knownCaller } from '../session/callers';
import { partsOf } from '../ui/shortId';
import classes from './By.module.css';

/** Who did something: the ID of a user or of a program, shortened; nothing if that is not known. */
export function By({ caller }: { caller: Caller | null }) {
  const id = caller && knownCaller(caller).id;
  if (!id) return null;
  const [head, middle, tail] = partsOf(id);
  return (
    <span className={classes.by} title={`by ${id}`}>
      {` by ${head}${middle && '…'}${tail}`}
    </span>
  );
}

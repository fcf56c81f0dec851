import type { Caller } from '../api/types';
import { partsOf } from '../ui/shortId';
import classes from './By.module.css';

/** Who did something: the ID of a user or of a program, shortened; nothing if that is not known. */
export function By({ caller }: { caller: Caller | null }) {
  if (!caller) return null;
  const [head, middle, tail] = partsOf(caller.subject);
  return (
    <span
      className={classes.by}
      title={`by ${caller.subject}`}
    >{` by ${head}${middle && '…'}${middle && tail}`}</span>
  );
}

import { Skeleton, VisuallyHidden } from '@mantine/core';
import classes from './Placeholder.module.css';

/** What is loaded: the rows of a table, or sections with fields. */
export type Shape = 'table' | 'form';

interface Props {
  /** What is loaded, in words. */
  of: string;
  shape: Shape;
}

/** The widths of the texts in each row, or in each section. */
const WIDTHS: Record<Shape, string[][]> = {
  table: [
    ['14rem', '7rem', '6rem'],
    ['10rem', '7rem', '6rem'],
    ['17rem', '7rem', '6rem'],
    ['12rem', '7rem', '6rem'],
    ['15rem', '7rem', '6rem'],
  ],
  form: [
    ['9rem', '100%'],
    ['8rem', '100%'],
  ],
};

/** Takes the place of something that is being loaded, and has about its shape. */
export function Placeholder({ of: what, shape }: Props) {
  return (
    <div role="status" className={classes[shape]}>
      <VisuallyHidden>Loading {what}</VisuallyHidden>
      {WIDTHS[shape].map(([first, ...others]) => (
        <div key={first} className={classes.row}>
          {[first, ...others].map((width) => (
            <div key={width} className={classes.cell}>
              <Skeleton height={shape === 'form' && width === '100%' ? 36 : 14} width={width} />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}

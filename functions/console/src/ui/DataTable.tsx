import { Button, Checkbox, Loader, Table, VisuallyHidden } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import {
  memo,
  type PropsWithChildren,
  type ReactNode,
  type RefObject,
  useId,
  useLayoutEffect,
  useRef,
} from 'react';
import { Card } from './Card';
import classes from './DataTable.module.css';
import { ProblemAlert } from './ProblemAlert';

type Pages = Pick<
  UseInfiniteQueryResult,
  'hasNextPage' | 'isFetchingNextPage' | 'isFetchNextPageError' | 'error'
> & { fetchNextPage: () => Promise<unknown> };

/** What each column shows of a row, by the column's heading. The first one names the row. */
export type Columns<Row> = Record<string, (row: Row) => ReactNode>;

/** Which rows are selected. */
export interface Selection<Row> {
  ids: ReadonlySet<string>;
  /** Selects rows, or no longer selects them. */
  onChange: (rows: readonly Row[], selected: boolean) => void;
  /** What to call a row. */
  nameOf: (row: Row) => string;
  /** What can be done with the selected rows. It stays in view. */
  bar: ReactNode;
}

interface Props<Row> {
  label: string;
  rows: readonly Row[];
  columns: Columns<Row>;
  /**
   * The widths of columns that are as wide as their share of the table, and shorten what does not
   * fit. The others are as wide as their content. The default is the whole rest for the first one.
   */
  shares?: Record<string, string>;
  /** Whether texts that do not fit are continued in the next line. */
  wraps?: boolean;
  /** What can be done with a row: a `RowMenu`. */
  actions?: (row: Row) => ReactNode;
  selection?: Selection<Row>;
  /** Where the rows come from, if they come page by page. */
  pages?: Pages;
  /** What to say below the last row. */
  end?: ReactNode;
}

/**
 * A table with a line for each row; on narrow screens each row becomes a card. A row is rendered
 * again only if it, `columns` or `actions` is another value than before.
 */
export function DataTable<Row extends { id: string }>(props: Props<Row>) {
  const { label, rows, actions, selection, pages, end } = props;
  const table = useRef<HTMLTableElement>(null);
  const headings = Object.keys(props.columns);
  const shares = props.shares ?? { [headings[0] ?? '']: '100%' };
  const select = useRef(selection?.onChange);
  useLayoutEffect(() => {
    select.current = selection?.onChange;
  });
  return (
    <Card>
      {selection && <SelectionHead rows={rows} selection={selection} />}
      <Table
        ref={table}
        className={classes.table}
        aria-label={label}
        data-wraps={props.wraps || undefined}
        horizontalSpacing="1rem"
        verticalSpacing="0.5rem"
        borderColor="var(--line)"
        highlightOnHover
        highlightOnHoverColor="light-dark(#fafbfc, #202126)"
      >
        <Table.Thead>
          <Table.Tr>
            {selection && (
              <Table.Th scope="col" className={classes.check}>
                <VisuallyHidden>Selected</VisuallyHidden>
              </Table.Th>
            )}
            {headings.map((heading) => (
              <Table.Th key={heading} scope="col" style={{ width: shares[heading] }}>
                {heading}
              </Table.Th>
            ))}
            {actions && (
              <Table.Th scope="col">
                <VisuallyHidden>Actions</VisuallyHidden>
              </Table.Th>
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <RowOf
              key={row.id}
              row={row}
              columns={props.columns as Columns<{ id: string }>}
              shares={shares}
              actions={actions as RowProps['actions']}
              name={selection?.nameOf(row)}
              selected={selection?.ids.has(row.id)}
              select={select as RowProps['select']}
            />
          ))}
        </Table.Tbody>
      </Table>
      <End table={table} rows={rows} pages={pages} text={end} />
    </Card>
  );
}

interface RowProps {
  row: { id: string };
  columns: Columns<{ id: string }>;
  shares: Record<string, string>;
  actions: ((row: { id: string }) => ReactNode) | undefined;
  name: string | undefined;
  /** Whether it is selected, if it can be. */
  selected: boolean | undefined;
  select: RefObject<Selection<{ id: string }>['onChange'] | undefined>;
}

const RowOf = memo(
  ({ row, columns, shares, actions, name, selected, select }: RowProps) => (
    <Table.Tr data-row={row.id} data-selected={selected || undefined}>
      {selected !== undefined && (
        <Table.Td className={classes.check}>
          <Checkbox
            size="sm"
            aria-label={`Select ${name}`}
            checked={selected}
            onChange={(event) => select.current?.([row], event.currentTarget.checked)}
          />
        </Table.Td>
      )}
      {Object.entries(columns).map(([heading, cell], index) => (
        <Table.Td
          key={heading}
          className={index === 0 ? classes.name : undefined}
          data-share={heading in shares || undefined}
          data-heading={heading}
        >
          {cell(row)}
        </Table.Td>
      ))}
      {actions && <Table.Td className={classes.actions}>{actions(row)}</Table.Td>}
    </Table.Tr>
  ),
  // `shares` and `select` never change what a row shows.
  (one, other) =>
    one.row === other.row &&
    one.columns === other.columns &&
    one.actions === other.actions &&
    one.selected === other.selected,
);

/** Selects all loaded rows, and shows what can be done with the selected ones. */
function SelectionHead<Row extends { id: string }>({
  rows,
  selection: { ids, onChange, bar },
}: {
  rows: readonly Row[];
  selection: Selection<Row>;
}) {
  const all = useId();
  const count = rows.filter(({ id }) => ids.has(id)).length;
  return (
    // Named by the checkbox, which takes the focus when the buttons beside it go away.
    <section
      className={classes.selection}
      data-active={count > 0 || undefined}
      aria-labelledby={all}
    >
      <Checkbox
        id={all}
        size="sm"
        label={
          count > 0
            ? `${count.toLocaleString()} selected`
            : `Select all ${rows.length.toLocaleString()} shown`
        }
        checked={count > 0 && count === rows.length}
        indeterminate={count > 0 && count < rows.length}
        onChange={(event) => onChange(rows, event.currentTarget.checked)}
      />
      {count > 0 && bar}
    </section>
  );
}

interface EndProps {
  table: RefObject<HTMLTableElement | null>;
  rows: readonly { id: string }[];
  pages: Pages | undefined;
  text: ReactNode;
}

/** The button for the next page; after the last page, what to say below it. */
function End({ table, rows, pages, text }: EndProps) {
  const end = useRef<HTMLDivElement>(null);
  /** How many rows there were when the next page was asked for. */
  const before = useRef<number>(undefined);
  const isLast = !pages?.hasNextPage;
  useLayoutEffect(() => {
    if (!isLast || before.current === undefined) return;
    // The button is gone: its focus goes to the first new row.
    const row = table.current?.tBodies[0]?.rows[before.current];
    before.current = undefined;
    if (document.activeElement !== document.body) return;
    (row?.querySelector<HTMLElement>('input, a, button') ?? end.current)?.focus();
  }, [isLast, table]);
  const more = () => {
    before.current = rows.length;
    void pages?.fetchNextPage();
  };
  return (
    <>
      {pages?.hasNextPage && (
        <div className={classes.more}>
          {pages.isFetchNextPageError && <ProblemAlert error={pages.error} />}
          {/* It stays enabled while it loads, so that it keeps the focus. */}
          <Button
            variant="subtle"
            aria-busy={pages.isFetchingNextPage}
            leftSection={pages.isFetchingNextPage && <Loader size={16} />}
            onClick={() => pages.isFetchingNextPage || more()}
          >
            Show more
          </Button>
        </div>
      )}
      {text && !pages?.hasNextPage && (
        <div className={classes.end} ref={end} tabIndex={-1}>
          {text}
        </div>
      )}
    </>
  );
}

/** What names a row, and its description in the same line. */
export function Named({
  description,
  children,
}: PropsWithChildren<{ description: string | null }>) {
  return (
    <span className={classes.named}>
      {children}
      {description && <Dim>{description}</Dim>}
    </span>
  );
}

/** Details in a cell, less prominent than the rest, and shortened if they do not fit. */
export function Dim({ children }: { children: string }) {
  return (
    <span className={classes.dim} title={children}>
      {children}
    </span>
  );
}

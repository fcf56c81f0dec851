import { Button, Table, VisuallyHidden } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import type { PropsWithChildren, ReactNode } from 'react';
import { Card } from './Card';
import classes from './DataTable.module.css';
import { ProblemAlert } from './ProblemAlert';

type Pages = Pick<
  UseInfiniteQueryResult,
  'hasNextPage' | 'isFetchingNextPage' | 'isFetchNextPageError' | 'error'
> & { fetchNextPage: () => Promise<unknown> };

interface Props<Row> {
  label: string;
  rows: readonly Row[];
  /** What each column shows of a row, by the column's heading. The first one names the row. */
  columns: Record<string, (row: Row) => ReactNode>;
  /** What can be done with a row: a `RowMenu`. */
  actions?: (row: Row) => ReactNode;
  /** Where the rows come from, if they come page by page. */
  pages?: Pages;
}

/** A table; on narrow screens each row becomes a card. */
export function DataTable<Row extends { id: string }>(props: Props<Row>) {
  const { label, rows, actions, pages } = props;
  const columns = Object.entries(props.columns);
  return (
    <Card>
      <Table
        className={classes.table}
        aria-label={label}
        horizontalSpacing="1.25rem"
        verticalSpacing="0.75rem"
        borderColor="var(--line)"
        highlightOnHover
        highlightOnHoverColor="light-dark(#fafbfc, #202126)"
      >
        <Table.Thead>
          <Table.Tr>
            {columns.map(([heading]) => (
              <Table.Th key={heading} scope="col">
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
            <Table.Tr key={row.id}>
              {columns.map(([heading, cell]) => (
                <Table.Td key={heading}>{cell(row)}</Table.Td>
              ))}
              {actions && <Table.Td className={classes.actions}>{actions(row)}</Table.Td>}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {pages?.hasNextPage && (
        <div className={classes.more}>
          {pages.isFetchNextPageError && <ProblemAlert error={pages.error} />}
          <Button
            variant="subtle"
            loading={pages.isFetchingNextPage}
            onClick={() => void pages.fetchNextPage()}
          >
            Show more
          </Button>
        </div>
      )}
    </Card>
  );
}

/** Details in a cell, less prominent than the rest. */
export function Dim({ children }: PropsWithChildren) {
  return <div className={classes.dim}>{children}</div>;
}

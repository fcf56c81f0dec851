import { CloseButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo, useMemo } from 'react';
import type { Role } from '../api/types';
import { counted } from '../organizations/counts';
import { rolesQuery } from '../roles/queries';
import { roleNameOf } from '../roles/selection';
import { ByWhom } from '../ui/ByWhom';
import { type Columns, DataTable, Dim } from '../ui/DataTable';
import { When } from '../ui/When';
import classes from './Domains.module.css';
import { enrollmentText } from './enrollment';
import { ownOf } from './own';
import { useSharedDomains } from './queries';
import { whyRefused } from './refusals';
import { type DomainRow, settingsOf, stateOf } from './rows';
import { State } from './State';

interface Props {
  organizationId: string;
  /** The domains that are stored. */
  listed: readonly string[];
  /** All domains of the draft. */
  all: readonly DomainRow[];
  /** The rows that the filter lets through. */
  rows: readonly DomainRow[];
  /** How many of them are shown. */
  most: number;
  onMore: () => void;
  onRemove: (domain: string) => void;
}

/** The email domains of a draft. What is typed beside the table does not render it again. */
export const DomainsTable = memo(function DomainsTable(props: Props) {
  const { organizationId, listed, all, rows, most, onMore, onRemove } = props;
  const shown = rows.slice(0, most);
  const ids = shown.map(({ id }) => id);
  const columns = useColumns(all, useSharedDomains(organizationId, listed, ids));
  const actions = useMemo(
    () => (row: DomainRow) => (
      <CloseButton aria-label={`Remove ${row.id}`} onClick={() => onRemove(row.id)} />
    ),
    [onRemove],
  );
  return (
    <DataTable
      label="Email domains"
      rows={shown}
      columns={columns}
      shares={SHARES}
      actions={actions}
      pages={{ ...LOADED, hasNextPage: rows.length > most, fetchNextPage: async () => onMore() }}
    />
  );
});

/** All domains are read at once: only their rows are shown page by page. */
const LOADED = { isFetchingNextPage: false, isFetchNextPageError: false, error: null };

const SHARES = { Domain: '31%', Ownership: '28%', Enrollment: '23%', Roles: '18%' };

/** The columns, without those that would say the same about each domain. */
function useColumns(
  all: readonly DomainRow[],
  shared: Readonly<Record<string, number>>,
): Columns<DomainRow> {
  const { data: roles = NO_ROLES } = useQuery(rolesQuery);
  const hasRoles = all.some((row) => settingsOf(row).organizationRoleIds !== null);
  const isShared = Object.values(shared).some((count) => count > 0);
  const counts = isShared ? shared : NOT_SHARED;
  return useMemo(
    () => ({
      Domain: (row) => <Domain row={row} />,
      Ownership: (row) => <State of={stateOf(row)} />,
      Enrollment: (row) => <Cut>{enrollmentText(settingsOf(row))}</Cut>,
      ...(hasRoles && { Roles: (row) => <Roles row={row} known={roles} /> }),
      ...(isShared && { 'Also listed by': ({ id }) => <Others count={ownOf(counts, id)} /> }),
      Added: (row) => <Added row={row} />,
    }),
    [roles, counts, hasRoles, isShared],
  );
}

const NO_ROLES: readonly Role[] = [];
const NOT_SHARED: Readonly<Record<string, number>> = {};

/** How many other organizations list a domain. The API counts up to a number that means "or more". */
export function othersText(count = 0): string {
  if (count === 0) return 'Nobody else';
  return `${counted(count, 'organization')}${count >= MOST_COUNTED ? ' or more' : ''}`;
}

const MOST_COUNTED = 50;

/** The name of a domain, which leads to its settings. */
function Domain({ row }: { row: DomainRow }) {
  const { id, code } = row;
  const mark = markOf(row);
  return (
    <span className={classes.domain} title={code ? `${id} ${whyRefused(code)}` : id}>
      <Link from="/organizations/$organizationId/" to="." search={{ domain: id }}>
        {id}
      </Link>
      {settingsOf(row).subdomains && <span className={classes.more}>and its subdomains</span>}
      {mark && (
        <span className={classes.mark} data-mark={mark}>
          {mark}
        </span>
      )}
    </span>
  );
}

function markOf({ isNew, isChanged, code }: DomainRow): string | undefined {
  if (code !== undefined) return 'Refused';
  if (isNew) return 'New';
  return isChanged ? 'Changed' : undefined;
}

function Roles({ row, known }: { row: DomainRow; known: readonly Role[] }) {
  const { organizationRoleIds: ids } = settingsOf(row);
  if (ids === null) return <Usual>Default roles</Usual>;
  if (ids.length === 0) return <Cut>No roles</Cut>;
  return <Cut>{ids.map((id) => roleNameOf(id, known) ?? id).join(', ')}</Cut>;
}

function Others({ count }: { count: number | undefined }) {
  const text = othersText(count);
  return count ? text : <Usual>{text}</Usual>;
}

/** What is so for most domains. Where each domain is a card, it is left out. */
function Usual({ children }: { children: string }) {
  return <span className={classes.usual}>{children}</span>;
}

function Added({ row: { rule, isNew } }: { row: DomainRow }) {
  if (isNew || !rule) return <Dim>When you save</Dim>;
  return (
    <span>
      <When at={rule.addedAt} />
      <ByWhom caller={rule.addedBy} />
    </span>
  );
}

/** A text that is shortened where there is little room. */
function Cut({ children }: { children: string }) {
  return <span title={children}>{children}</span>;
}

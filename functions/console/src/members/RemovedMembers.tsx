import { Button, Group, SegmentedControl } from '@mantine/core';
import { IconArrowLeft, IconRoute, IconUserPlus, IconUsers } from '@tabler/icons-react';
import { type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import type { RemovedUser } from '../api/types';
import { counted } from '../organizations/counts';
import { By } from '../ui/By';
import { Card } from '../ui/Card';
import { type Columns, DataTable } from '../ui/DataTable';
import { Id } from '../ui/Id';
import { Loaded } from '../ui/Loaded';
import links from '../ui/links.module.css';
import { Notice } from '../ui/Notice';
import { PersonLink } from '../ui/PersonLink';
import { RowAction, RowMenu } from '../ui/RowMenu';
import { useFirstItem } from '../ui/useFirstItem';
import { When } from '../ui/When';
import { LetRulesDecide } from './LetRulesDecide';
import classes from './Members.module.css';
import { PutBack, putBackLabel } from './PutBack';
import { nameOf } from './provenance';
import { removedQuery } from './queries';
import { Roles } from './Roles';
import type { RemovedSearch } from './search';
import { useSelection } from './useSelection';

const ROUTE = '/organizations/$organizationId/members/removed';

const COLUMNS: Columns<RemovedUser> = {
  Member: (person) => <PersonLink of={person} />,
  'User ID': ({ id }) => <Id>{id}</Id>,
  Decision: ({ declined, removedAt }) => (
    <span>
      {declined ? 'Declined' : 'Removed'} <When at={removedAt} />
    </span>
  ),
  'Roles before': (person) => <Roles of={person} />,
  By: ({ removedBy }) => <By caller={removedBy} />,
};
const SHARES = { Member: '55%', 'Roles before': '45%' };

const EMPTY = (
  <Notice icon={IconUsers} title="No removed members">
    Members who are removed and users who are declined are listed here. You can put them back.
  </Notice>
);

type Open = { dialog: 'put back' | 'rules'; people: readonly RemovedUser[] };

/** Those who were removed from an organization or declined, and can be put back. */
export function RemovedMembers() {
  const { organizationId } = useParams({ from: ROUTE });
  const { show } = useSearch({ from: ROUTE });
  const removed = useInfiniteQuery(removedQuery(organizationId));
  const listed = useFirstItem(removed);
  // What is open stays open with what is selected, also if the list becomes empty meanwhile.
  const [open, setOpen] = useState<Open>();
  const dialog = { organizationId, onClose: () => setOpen(undefined) };
  return (
    <>
      <Link
        to="/organizations/$organizationId/members"
        params={{ organizationId }}
        className={links.back}
      >
        <IconArrowLeft size={16} aria-hidden /> Members
      </Link>
      <p className={classes.scope}>
        No rule admits them, or another account with the same address, until you put them back or
        let the rules decide again.
      </p>
      <Loaded query={listed} of="the removed members" empty={EMPTY}>
        {(all) => (
          <>
            <Filter show={show} />
            <Shown all={all} show={show} pages={removed} onOpen={setOpen} />
          </>
        )}
      </Loaded>
      {open?.dialog === 'put back' && <PutBack {...dialog} people={open.people} />}
      {open?.dialog === 'rules' && <LetRulesDecide {...dialog} people={open.people} />}
    </>
  );
}

const FILTERS: { value: 'all' | 'removed' | 'declined'; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'removed', label: 'Removed' },
  { value: 'declined', label: 'Declined' },
];

/** Which of them are shown, as a part of the page's address. */
function Filter({ show = 'all' }: { show: RemovedSearch['show'] | 'all' }) {
  const navigate = useNavigate({ from: ROUTE });
  return (
    <SegmentedControl
      className={classes.choice}
      aria-label="Which are shown"
      data={FILTERS}
      value={show}
      onChange={(next) => void navigate({ search: next === 'all' ? {} : { show: next } })}
    />
  );
}

interface ShownProps {
  all: RemovedUser[];
  show: RemovedSearch['show'];
  pages: UseInfiniteQueryResult<RemovedUser[]>;
  onOpen: (open: Open) => void;
}

/** Those among the loaded ones who are to be shown. */
function Shown({ all, show, pages, onOpen }: ShownProps) {
  const rows = show ? all.filter(({ declined }) => declined === (show === 'declined')) : all;
  if (rows.length > 0) return <Table rows={rows} pages={pages} onOpen={onOpen} />;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  const more = hasNextPage && (
    <Button aria-busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
      Load 100 more
    </Button>
  );
  return (
    <Card>
      <Notice icon={IconUsers} title={`Nobody was ${show}`} action={more}>
        {hasNextPage ? `None of the latest ${all.length.toLocaleString()} was ${show}.` : null}
      </Notice>
    </Card>
  );
}

interface TableProps {
  rows: RemovedUser[];
  pages: UseInfiniteQueryResult<RemovedUser[]>;
  onOpen: (open: Open) => void;
}

function Table({ rows, pages, onOpen }: TableProps) {
  const { selected, ids, select } = useSelection(rows);
  const actions = useCallback(
    (person: RemovedUser) => (
      <RowMenu of={nameOf(person)}>
        <RowAction
          icon={IconUserPlus}
          onClick={() => onOpen({ dialog: 'put back', people: [person] })}
        >
          {putBackLabel([person])}
        </RowAction>
        <RowAction icon={IconRoute} onClick={() => onOpen({ dialog: 'rules', people: [person] })}>
          Let the rules decide again
        </RowAction>
      </RowMenu>
    ),
    [onOpen],
  );
  const acts = [
    [putBackLabel(selected), IconUserPlus, 'put back'],
    ['Let the rules decide again', IconRoute, 'rules'],
  ] as const;
  const bar = (
    <Group gap="xs" role="group" aria-label="Actions for the selected users">
      {acts.map(([label, Icon, dialog]) => (
        <Button
          key={dialog}
          size="compact-sm"
          variant="default"
          leftSection={<Icon size={16} />}
          onClick={() => onOpen({ dialog, people: selected })}
        >
          {label}
        </Button>
      ))}
    </Group>
  );
  return (
    <DataTable
      label="Removed members"
      rows={rows}
      columns={COLUMNS}
      shares={SHARES}
      actions={actions}
      selection={{ ids, onChange: select, nameOf, bar }}
      pages={pages}
      end={rows.length > 20 && `All ${counted(rows.length, 'user')} are shown.`}
    />
  );
}

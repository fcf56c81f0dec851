import { Button, Group, Loader } from '@mantine/core';
import {
  IconSearch,
  IconShield,
  IconShieldMinus,
  IconShieldPlus,
  IconUserMinus,
  IconUsers,
} from '@tabler/icons-react';
import { type UseInfiniteQueryResult, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { memo, useCallback, useMemo, useState } from 'react';
import type { Member } from '../api/types';
import { counted, membersCount } from '../organizations/counts';
import { countsQuery } from '../organizations/queries';
import { Card } from '../ui/Card';
import { type Columns, DataTable } from '../ui/DataTable';
import { ErrorState } from '../ui/ErrorState';
import { Id } from '../ui/Id';
import { Loaded } from '../ui/Loaded';
import { Notice } from '../ui/Notice';
import { PersonLink } from '../ui/PersonLink';
import { RowAction, RowMenu } from '../ui/RowMenu';
import { useFirstItem } from '../ui/useFirstItem';
import { When } from '../ui/When';
import { AddRoles, TakeRoles } from './BulkRoles';
import { ChangeRoles } from './ChangeRoles';
import classes from './Members.module.css';
import { MembersActs } from './MembersToolbar';
import { howJoined, nameOf } from './provenance';
import { membersQuery } from './queries';
import { RemoveMembers, useRemoval } from './RemoveMembers';
import { Roles } from './Roles';
import { contains, type Filters, isExact } from './search';
import { useSelection } from './useSelection';

const COLUMNS: Columns<Member> = {
  Member: (member) => <PersonLink of={member} />,
  'User ID': ({ id }) => <Id>{id}</Id>,
  Roles: (member) => <Roles of={member} />,
  'How they joined': ({ provenance }) => (
    <span title={howJoined(provenance)}>{howJoined(provenance)}</span>
  ),
  Joined: ({ joinedAt }) => <When at={joinedAt} />,
};
const SHARES = { Member: '36%', Roles: '28%', 'How they joined': '24%' };

interface Props {
  organizationId: string;
  filters: Filters;
  /** The text that the members shown contain. */
  text: string;
  /** The text in the page's address, which follows when the user stops typing. */
  settled: string;
  onClear: () => void;
}

/** The members that the filters and the text leave, and how many these are. */
export const MembersList = memo((props: Props) => {
  const { organizationId, filters, text, settled, onClear } = props;
  const members = useInfiniteQuery(membersQuery(organizationId, filters));
  const exact = useInfiniteQuery({
    ...membersQuery(organizationId, filters, settled),
    enabled: isExact(settled) && settled === text,
  });
  useFirstItem(members);
  const loaded = members.data ?? NOBODY;
  const isNamed = settled === text && exact.data !== undefined && exact.data.length > 0;
  const rows = useMemo(() => {
    if (isNamed) return exact.data ?? NOBODY;
    const wanted = text.toLowerCase();
    return wanted ? loaded.filter((member) => contains(member, wanted)) : loaded;
  }, [isNamed, exact.data, text, loaded]);
  const isFiltered = Object.keys(filters).length > 0;
  const answer = isExact(text) ? answerOf(exact, settled === text) : undefined;
  const shown = { text, isFiltered, loaded: loaded.length, members, answer };
  const acts = useActs(organizationId, rows);
  return (
    <>
      <div className={classes.scope}>
        <Scope organizationId={organizationId} {...shown} found={rows.length} isNamed={isNamed} />
        <MembersActs organizationId={organizationId} />
      </div>
      {answer === 'failed' && (
        <Card>
          <ErrorState error={exact.error} onRetry={() => void exact.refetch()} />
        </Card>
      )}
      <Loaded query={members} of="members">
        {() =>
          rows.length > 0 ? (
            <Table
              acts={acts}
              rows={rows}
              pages={isNamed ? exact : members}
              isWhole={text === ''}
            />
          ) : (
            answer !== 'failed' && (
              <Card>
                <Empty {...shown} onClear={onClear} />
              </Card>
            )
          )
        }
      </Loaded>
      <Dialogs organizationId={organizationId} acts={acts} />
    </>
  );
});

const NOBODY: Member[] = [];

type Pages = UseInfiniteQueryResult<Member[]>;

/** What is known about who has exactly an address or id in the whole organization. */
type ExactAnswer = 'awaited' | 'failed' | 'known';

function answerOf({ isError, isPending, isFetching }: Pages, isAsked: boolean): ExactAnswer {
  if (!isAsked || isPending || isFetching) return 'awaited';
  return isError ? 'failed' : 'known';
}

interface Shown {
  /** What the members shown contain. */
  text: string;
  isFiltered: boolean;
  /** How many members are loaded, which the text is compared with. */
  loaded: number;
  members: Pages;
  /** Absent if the text is not a whole address or id. */
  answer: ExactAnswer | undefined;
}

interface ScopeProps extends Shown {
  organizationId: string;
  found: number;
  isNamed: boolean;
}

/** Says how many members there are, and among which the text was looked for. */
function Scope({ organizationId, ...shown }: ScopeProps) {
  const count = useQuery(countsQuery(organizationId));
  const { text, isFiltered, members, answer, isNamed } = shown;
  const isPartial = text !== '' && members.hasNextPage && !isNamed && !answer;
  return (
    <div>
      <span role="status">
        {text || isFiltered ? sentence(shown) : total(count.data?.usersCount)}
      </span>{' '}
      {isPartial && 'To search the whole organization, enter a whole address or user ID.'}
      {answer === 'awaited' && <Loader size={14} aria-label="Looking in the whole organization" />}
    </div>
  );
}

function sentence({
  text,
  isFiltered,
  loaded,
  members,
  found,
  isNamed,
}: Omit<ScopeProps, 'organizationId'>) {
  if (members.data === undefined) return '';
  if (isNamed) return `${found.toLocaleString()} found in the whole organization.`;
  if (!text) return `${counted(loaded, 'member')}${members.hasNextPage ? ' loaded so far' : ''}`;
  const among = members.hasNextPage
    ? `the ${counted(loaded, 'member')} loaded`
    : `all ${counted(loaded, 'member')}`;
  return `${found.toLocaleString()} found among ${among}${isFiltered ? ' with these filters' : ''}.`;
}

/** How many members there are, in words. */
function total(count: number | undefined): string {
  if (count === undefined) return '';
  const { shown, spoken } = membersCount(count);
  return spoken ? `${spoken} members` : count === 1 ? '1 member' : `${shown} members`;
}

/** Why no member is shown, and what can be done about it. */
function Empty({ onClear, ...shown }: Shown & { onClear: () => void }) {
  const { text, isFiltered, members } = shown;
  if (!text && !isFiltered) {
    return (
      <Notice icon={IconUsers} title="Nobody is a member yet">
        Users with a verified address in one of the email domains become members when they sign up
        or next sign in.
      </Notice>
    );
  }
  return (
    <Notice
      icon={IconSearch}
      title={emptyTitle(shown)}
      action={
        <Group justify="center">
          <Button variant="default" onClick={onClear}>
            Clear search and filters
          </Button>
          {members.hasNextPage && (
            <Button
              aria-busy={members.isFetchingNextPage}
              onClick={() => void members.fetchNextPage()}
            >
              Load 100 more
            </Button>
          )}
        </Group>
      }
    >
      {text && compared(shown)}
    </Notice>
  );
}

function emptyTitle({ text, answer }: Shown): string {
  if (answer === 'awaited') return 'Looking in the whole organization…';
  return text ? `No member matches “${text}”` : 'No member matches the filters';
}

/** What a text was compared with. */
function compared({ isFiltered, loaded, answer }: Shown): string {
  const filters = isFiltered ? ' with these filters' : '';
  const those = `The search compares the address, user name and user ID of the ${counted(loaded, 'member')} loaded${filters}.`;
  if (answer !== 'known') return those;
  return `${those} Nobody in the whole organization has exactly this address or ID${filters}.`;
}

interface TableProps {
  acts: Acts;
  rows: Member[];
  pages: Pages;
  /** Whether no text leaves out members. */
  isWhole: boolean;
}

type Open = { dialog: 'add' | 'take'; members: Member[] } | { dialog: 'roles'; member: Member };

/** What can be done with members, and which of them are selected. */
function useActs(organizationId: string, rows: Member[]) {
  const [open, setOpen] = useState<Open>();
  const { selected, ids, select } = useSelection(rows);
  /** Those who are done are no longer selected. */
  const deselect = useCallback((done: readonly Member[]) => select(done, false), [select]);
  const removal = useRemoval(organizationId, deselect);
  return { open, setOpen, selected, ids, select, deselect, removal };
}

type Acts = ReturnType<typeof useActs>;

function Table({ acts, rows, pages, isWhole }: TableProps) {
  const { setOpen, selected, ids, select, removal } = acts;
  const actions = useRowActions(setOpen, removal.begin);
  return (
    <DataTable
      label="Members"
      rows={rows}
      columns={COLUMNS}
      shares={SHARES}
      actions={actions}
      selection={{
        ids,
        onChange: select,
        nameOf,
        bar: (
          <Bar
            selected={selected}
            looked={removal.looked}
            onOpen={setOpen}
            onRemove={removal.begin}
          />
        ),
      }}
      pages={pages}
      end={isWhole && rows.length > 20 && `All ${counted(rows.length, 'member')} are shown.`}
    />
  );
}

/** What is open stays open with what is typed, also if the list becomes empty meanwhile. */
function Dialogs({ organizationId, acts }: { organizationId: string; acts: Acts }) {
  const { open, setOpen, deselect, removal } = acts;
  const dialog = { organizationId, onClose: () => setOpen(undefined), onDone: deselect };
  return (
    <>
      {open?.dialog === 'roles' && <ChangeRoles {...dialog} member={open.member} />}
      {open?.dialog === 'add' && <AddRoles {...dialog} members={open.members} />}
      {open?.dialog === 'take' && <TakeRoles {...dialog} members={open.members} />}
      {removal.asking && (
        <RemoveMembers
          organizationId={organizationId}
          all={removal.asking}
          onDone={deselect}
          onClose={removal.close}
        />
      )}
    </>
  );
}

/** The menu of each row; always the same function, so that the rows are not rendered again. */
function useRowActions(
  onOpen: (open: Open) => void,
  onRemove: (members: readonly Member[]) => Promise<void>,
) {
  return useCallback(
    (member: Member) => (
      <RowMenu of={nameOf(member)}>
        <RowAction icon={IconShield} onClick={() => onOpen({ dialog: 'roles', member })}>
          Change roles
        </RowAction>
        <RowAction danger icon={IconUserMinus} onClick={() => void onRemove([member])}>
          Remove
        </RowAction>
      </RowMenu>
    ),
    [onOpen, onRemove],
  );
}

interface BarProps {
  selected: Member[];
  /** How many of them have been looked up before their removal, if they are. */
  looked: number | undefined;
  onOpen: (open: Open) => void;
  onRemove: (members: readonly Member[]) => Promise<void>;
}

/** What can be done with the selected members. */
function Bar({ selected, looked, onOpen, onRemove }: BarProps) {
  const acts = [
    ['Add roles', IconShieldPlus, () => onOpen({ dialog: 'add', members: selected })],
    ['Remove roles', IconShieldMinus, () => onOpen({ dialog: 'take', members: selected })],
    ['Remove members', IconUserMinus, () => void (looked === undefined && onRemove(selected))],
  ] as const;
  return (
    <Group gap="xs" role="group" aria-label="Actions for the selected members">
      {acts.map(([label, Icon, act]) => (
        <Button
          key={label}
          size="compact-sm"
          variant="default"
          leftSection={<Icon size={16} />}
          onClick={act}
        >
          {label}
        </Button>
      ))}
      {looked !== undefined && (
        <span role="status" className={classes.looking}>
          {`Looking for other accounts with the same addresses: ${looked.toLocaleString()} of ${selected.length.toLocaleString()}`}
        </span>
      )}
    </Group>
  );
}

import { Button, Text } from '@mantine/core';
import { IconArrowLeft, IconUserPlus, IconUsers } from '@tabler/icons-react';
import { type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import type { RemovedUser } from '../api/types';
import { counted } from '../organizations/counts';
import { type Columns, DataTable } from '../ui/DataTable';
import { FormModal } from '../ui/FormModal';
import { Id } from '../ui/Id';
import { Loaded } from '../ui/Loaded';
import links from '../ui/links.module.css';
import { Notice } from '../ui/Notice';
import { RowAction, RowMenu } from '../ui/RowMenu';
import { When } from '../ui/When';
import classes from './Members.module.css';
import { NewMembersRoles } from './NewMembersRoles';
import { nameOf } from './provenance';
import { removedQuery } from './queries';
import { useDefaultRoles } from './useDefaultRoles';
import { backText, useMembersChanges } from './useMembersChanges';
import { useSelection } from './useSelection';

const ROUTE = '/organizations/$organizationId/members/removed';

const COLUMNS: Columns<RemovedUser> = {
  Member: (person) => <span title={nameOf(person)}>{nameOf(person)}</span>,
  'User ID': ({ id }) => <Id>{id}</Id>,
  Removed: ({ removedAt }) => <When at={removedAt} />,
};

const EMPTY = (
  <Notice icon={IconUsers} title="No removed members">
    Members who are removed are listed here. You can put them back.
  </Notice>
);

/** Those who were removed from an organization, and can be put back. */
export function RemovedMembers() {
  const { organizationId } = useParams({ from: ROUTE });
  const removed = useInfiniteQuery(removedQuery(organizationId));
  // What is open stays open with what is selected, also if the list becomes empty meanwhile.
  const [open, setOpen] = useState<readonly RemovedUser[]>();
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
        Removed members do not become members again by signing in. You can put them back here.
      </p>
      <Loaded query={removed} of="the removed members" empty={EMPTY}>
        {(rows) => <Table rows={rows} pages={removed} onPutBack={setOpen} />}
      </Loaded>
      {open && (
        <PutBack organizationId={organizationId} people={open} onClose={() => setOpen(undefined)} />
      )}
    </>
  );
}

interface TableProps {
  rows: RemovedUser[];
  pages: UseInfiniteQueryResult<RemovedUser[]>;
  onPutBack: (people: readonly RemovedUser[]) => void;
}

function Table({ rows, pages, onPutBack }: TableProps) {
  const { selected, ids, select } = useSelection(rows);
  const actions = useCallback(
    (person: RemovedUser) => (
      <RowMenu of={nameOf(person)}>
        <RowAction icon={IconUserPlus} onClick={() => onPutBack([person])}>
          Put back
        </RowAction>
      </RowMenu>
    ),
    [onPutBack],
  );
  const bar = (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconUserPlus size={16} />}
      onClick={() => onPutBack(selected)}
    >
      Put back
    </Button>
  );
  return (
    <DataTable
      label="Removed members"
      rows={rows}
      columns={COLUMNS}
      actions={actions}
      selection={{ ids, onChange: select, nameOf, bar }}
      pages={pages}
      end={rows.length > 20 && `All ${counted(rows.length, 'removed member')} are shown.`}
    />
  );
}

interface PutBackProps {
  organizationId: string;
  people: readonly RemovedUser[];
  onClose: () => void;
}

const initialValues: { organizationRoleIds?: string[] } = {};

/** Makes removed members members again. The default roles are selected for them. */
function PutBack({ organizationId, people, onClose }: PutBackProps) {
  const { addAll } = useMembersChanges(organizationId);
  const defaults = useDefaultRoles(organizationId);
  const [added, setAdded] = useState<number>();
  const [first] = people;
  const who =
    people.length === 1 && first ? nameOf(first) : counted(people.length, 'removed member');
  const submit = async ({ organizationRoleIds }: typeof initialValues) => {
    const ids = people.map(({ id }) => id);
    const roles = organizationRoleIds ?? (await defaults.load());
    const unknown = await addAll(ids, roles, setAdded);
    return backText(ids.length, unknown.length);
  };
  return (
    <FormModal
      title={`Put ${who} back?`}
      act="Put back"
      initialValues={initialValues}
      onSubmit={submit}
      onClose={onClose}
    >
      {({ values, errors, setFieldValue }) => (
        <>
          <NewMembersRoles
            label="Roles"
            description="The roles from before the removal are not kept. The default roles are selected."
            defaults={defaults}
            value={values.organizationRoleIds}
            error={errors.organizationRoleIds}
            onChange={(next) => setFieldValue('organizationRoleIds', next)}
          />
          {added !== undefined && (
            <Text size="sm" role="status">
              {`${added.toLocaleString()} of ${people.length.toLocaleString()} put back`}
            </Text>
          )}
        </>
      )}
    </FormModal>
  );
}

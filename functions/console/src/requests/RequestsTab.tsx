import { Button, Group } from '@mantine/core';
import { IconCheck, IconUserQuestion, IconX } from '@tabler/icons-react';
import { type UseInfiniteQueryResult, useInfiniteQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { JoinRequest } from '../api/types';
import { nameOf } from '../members/provenance';
import { useSelection } from '../members/useSelection';
import { counted } from '../organizations/counts';
import { type Columns, DataTable } from '../ui/DataTable';
import { Id } from '../ui/Id';
import { Loaded } from '../ui/Loaded';
import { Notice } from '../ui/Notice';
import { PersonLink } from '../ui/PersonLink';
import { useFirstItem } from '../ui/useFirstItem';
import { When } from '../ui/When';
import { ApproveRequests } from './ApproveRequests';
import { DeclineRequests } from './DeclineRequests';
import { requestsQuery } from './queries';
import classes from './Requests.module.css';
import { ruleOf } from './rules';

const ROUTE = '/organizations/$organizationId/requests';

const EMPTY = (
  <Notice icon={IconUserQuestion} title="Nobody asks to join">
    Users who satisfy a rule with approval are listed here when they sign up or next sign in.
    Whether a rule asks for approval is a setting of the rule.
  </Notice>
);

type Open = { act: 'approve' | 'decline'; requests: readonly JoinRequest[] };

/** Those who ask to join an organization. */
export function RequestsTab() {
  const { organizationId } = useParams({ from: ROUTE });
  const requests = useInfiniteQuery(requestsQuery(organizationId));
  const listed = useFirstItem(requests);
  // What is open stays open, also if the list becomes empty meanwhile.
  const [open, setOpen] = useState<Open>();
  const dialog = { organizationId, onClose: () => setOpen(undefined) };
  return (
    <>
      <p className={classes.lead}>
        Those who are approved become members. The oldest request comes first.
      </p>
      <Loaded query={listed} of="the requests" empty={EMPTY}>
        {(rows) => <Table rows={rows} pages={requests} onOpen={setOpen} />}
      </Loaded>
      {open?.act === 'approve' && <ApproveRequests {...dialog} requests={open.requests} />}
      {open?.act === 'decline' && <DeclineRequests {...dialog} requests={open.requests} />}
    </>
  );
}

const SHARES = { User: '50%', Rule: '50%' };

interface TableProps {
  rows: JoinRequest[];
  pages: UseInfiniteQueryResult<JoinRequest[]>;
  onOpen: (open: Open) => void;
}

function Table({ rows, pages, onOpen }: TableProps) {
  const { selected, ids, select } = useSelection(rows);
  const columns = useMemo<Columns<JoinRequest>>(
    () => ({
      User: (request) => <PersonLink of={request} />,
      'User ID': ({ id }) => <Id>{id}</Id>,
      Rule: (request) => <span title={ruleOf(request)}>{ruleOf(request)}</span>,
      Requested: ({ requestedAt }) => <When at={requestedAt} />,
      Decision: (request) => <Decision of={[request]} name={nameOf(request)} onOpen={onOpen} />,
    }),
    [onOpen],
  );
  return (
    <DataTable
      label="Requests to join"
      rows={rows}
      columns={columns}
      shares={SHARES}
      selection={{
        ids,
        onChange: select,
        nameOf,
        bar: <Decision of={selected} onOpen={onOpen} />,
      }}
      pages={pages}
      end={rows.length > 20 && `All ${counted(rows.length, 'request')} are shown.`}
    />
  );
}

interface DecisionProps {
  of: readonly JoinRequest[];
  /** Whose request it is, if it is a single one. */
  name?: string;
  onOpen: (open: Open) => void;
}

/** The buttons that decide about requests. */
function Decision({ of: requests, name, onOpen }: DecisionProps) {
  const acts = [
    ['Approve', IconCheck, 'approve'],
    ['Decline', IconX, 'decline'],
  ] as const;
  return (
    <Group gap="xs" wrap="nowrap" role="group" aria-label={name ?? 'The selected requests'}>
      {acts.map(([label, Icon, act]) => (
        <Button
          key={act}
          size="compact-sm"
          variant="default"
          // A row of a narrow screen has no room for icons.
          leftSection={!name && <Icon size={16} />}
          aria-label={name && `${label} ${name}`}
          onClick={() => onOpen({ act, requests })}
        >
          {label}
        </Button>
      ))}
    </Group>
  );
}

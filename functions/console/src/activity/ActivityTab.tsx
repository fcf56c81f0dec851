import { Button } from '@mantine/core';
import { IconHistory, IconSearch } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { organizationQuery } from '../organizations/queries';
import { Notice } from '../ui/Notice';
import { ActivityFilters } from './ActivityFilters';
import { ActivityList } from './ActivityList';
import { kindNamed } from './kinds';
import { type Filters, ofOrganization } from './queries';

const ROUTE = '/organizations/$organizationId/activity';

/** What has happened in an organization. The filters are part of the page's address. */
export function ActivityTab() {
  const { organizationId } = useParams({ from: ROUTE });
  const { type: named, user } = useSearch({ from: ROUTE });
  const type = kindNamed(named);
  const navigate = useNavigate({ from: ROUTE });
  const queries = useQueryClient();
  const filters = useMemo<Filters>(
    () => ({ ...(type && { type }), ...(user && { user }) }),
    [type, user],
  );
  const source = useMemo(() => ofOrganization(organizationId, filters), [organizationId, filters]);
  const isFiltered = Object.keys(filters).length > 0;
  const empty = isFiltered ? (
    <Notice
      icon={IconSearch}
      title="Nothing matches the filters"
      action={
        <Button variant="default" onClick={() => void navigate({ search: {} })}>
          Clear filters
        </Button>
      }
    >
      Activity is kept for some time only. What happened before is not listed.
    </Notice>
  ) : (
    <Notice icon={IconHistory} title="Nothing has happened yet">
      Who joins, who asks to join, and who changes what is listed here, some moments after it has
      happened. Activity is kept for some time only.
    </Notice>
  );
  return (
    <>
      <ActivityFilters
        organizationId={organizationId}
        filters={filters}
        onFilters={(next) => void navigate({ search: next })}
      />
      <ActivityList
        // With other filters it is another list.
        key={JSON.stringify(filters)}
        source={source}
        label="Activity"
        empty={empty}
        onGone={() => void queries.invalidateQueries(organizationQuery(organizationId))}
      />
    </>
  );
}

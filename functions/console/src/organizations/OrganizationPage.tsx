import { Skeleton } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useParams } from '@tanstack/react-router';
import { Card } from '../ui/Card';
import { ErrorState } from '../ui/ErrorState';
import { Id } from '../ui/Id';
import { LoadingRows } from '../ui/LoadingRows';
import { Page } from '../ui/Page';
import classes from './OrganizationPage.module.css';
import { organizationQuery } from './queries';

const TABS = [
  { to: '/organizations/$organizationId', label: 'Just-in-time provisioning' },
  { to: '/organizations/$organizationId/members', label: 'Members' },
  { to: '/organizations/$organizationId/settings', label: 'Settings' },
] as const;

/** One organization, with what can be done to it in tabs. */
export function OrganizationPage() {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' });
  const { data: organization, error, refetch } = useQuery(organizationQuery(organizationId));
  const back = (
    <Link to="/organizations" className={classes.back}>
      <IconArrowLeft size={16} aria-hidden /> Organizations
    </Link>
  );
  if (!organization) {
    return (
      <Page
        title={error ? 'Organization' : 'Loading…'}
        above={back}
        lead={!error && <Skeleton height={16} width={160} />}
      >
        <Card>
          {error ? (
            <ErrorState error={error} onRetry={() => void refetch()} />
          ) : (
            <LoadingRows of="the organization" />
          )}
        </Card>
      </Page>
    );
  }
  return (
    <Page title={organization.name} above={back} lead={<Id>{organization.id}</Id>}>
      <nav className={classes.tabs} aria-label={organization.name}>
        {TABS.map(({ to, label }) => (
          <Link
            key={to}
            to={to}
            params={{ organizationId }}
            activeOptions={{ exact: true }}
            className={classes.tab}
          >
            {label}
          </Link>
        ))}
      </nav>
      <Outlet key={organizationId} />
    </Page>
  );
}

import { Skeleton } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useMatches, useParams } from '@tanstack/react-router';
import { TabHelp } from '../help/TabHelp';
import { RequestsCount } from '../requests/RequestsCount';
import { Gone } from '../ui/Gone';
import { Loaded } from '../ui/Loaded';
import links from '../ui/links.module.css';
import { Page } from '../ui/Page';
import classes from './OrganizationPage.module.css';
import { Overview } from './Overview';
import { organizationQuery, useIsGone } from './queries';
import { useLeaveOrganization } from './useLeaveOrganization';

const TABS = [
  {
    to: '/organizations/$organizationId',
    label: 'Just-in-time provisioning',
    short: 'Provisioning',
  },
  { to: '/organizations/$organizationId/members', label: 'Members' },
  { to: '/organizations/$organizationId/requests', label: 'Requests' },
  { to: '/organizations/$organizationId/activity', label: 'Activity' },
  { to: '/organizations/$organizationId/settings', label: 'Settings' },
] as const;

/** What is shown, by the route: the tabs, and what a tab leads to. */
const TITLES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(TABS.map(({ to, label }) => [to, label])),
  '/organizations/$organizationId/members/removed': 'Removed members',
};

/** What is shown, for the title of the document: a domain that is looked at by itself, or else a tab. */
function useTab(): string | undefined {
  return useMatches({
    select: (matches) => {
      const { fullPath, search } = matches.at(-1) ?? {};
      const title = TITLES[fullPath?.replace(/\/$/, '') ?? ''];
      return search && 'domain' in search && search.domain ? `${search.domain} · ${title}` : title;
    },
  });
}

/** The label of a tab, or a shorter one on narrow screens. */
function Label({ whole, short }: { whole: string; short: string }) {
  return (
    <>
      <span className={classes.whole}>{whole}</span>
      <span className={classes.short}>{short}</span>
    </>
  );
}

/** One organization. Each of its tabs has its own address. */
export function OrganizationPage() {
  const { organizationId } = useParams({ from: '/organizations/$organizationId' });
  const organization = useQuery(organizationQuery(organizationId));
  const { data, isPending } = organization;
  const gone = useIsGone(organizationId);
  const leave = useLeaveOrganization(organizationId);
  return (
    <Page
      title={data?.name ?? (isPending ? 'Loading…' : 'Organization')}
      tab={useTab()}
      above={
        <Link to="/organizations" className={links.back}>
          <IconArrowLeft size={16} aria-hidden /> Organizations
        </Link>
      }
      lead={data ? <Overview of={data} /> : isPending && <Skeleton height={16} width={160} />}
    >
      {gone && (
        <Gone what="organization" leave="Go to the organizations" onLeave={() => void leave()} />
      )}
      <Loaded query={organization} of="the organization" shape="form">
        {({ name }) => (
          <>
            <nav className={classes.tabs} aria-label={name}>
              {TABS.map(({ to, label, ...tab }) => (
                <Link
                  key={to}
                  to={to}
                  params={{ organizationId }}
                  activeOptions={{ exact: to.endsWith('$organizationId'), includeSearch: false }}
                  className={links.tab}
                >
                  {'short' in tab ? <Label whole={label} short={tab.short} /> : label}
                  {label === 'Requests' && <RequestsCount organizationId={organizationId} />}
                </Link>
              ))}
            </nav>
            <Outlet key={organizationId} />
            <TabHelp />
          </>
        )}
      </Loaded>
    </Page>
  );
}

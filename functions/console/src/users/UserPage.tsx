import { Skeleton, Title } from '@mantine/core';
import { IconArrowLeft, IconHistory, IconUserOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useId, useMemo } from 'react';
import { ActivityList } from '../activity/ActivityList';
import { ofUser } from '../activity/queries';
import type { Activity, User } from '../api/types';
import { HelpLink } from '../help/HelpLink';
import { nameOf } from '../members/provenance';
import { accountFound, membershipsFound } from '../search/queries';
import { Card } from '../ui/Card';
import { Fact, Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { Loaded } from '../ui/Loaded';
import links from '../ui/links.module.css';
import { Notice } from '../ui/Notice';
import { Page } from '../ui/Page';
import { When } from '../ui/When';
import { Claims } from './Claims';
import { Memberships } from './Memberships';
import { Organization } from './Organization';
import { claimsQuery, userRemovalsQuery, userRequestsQuery } from './queries';
import { Removals, Requests } from './Standings';
import { statusText } from './status';
import classes from './UserPage.module.css';

/** One user: who it is, where the user belongs and why, and what the next token says. */
export function UserPage() {
  const { userId } = useParams({ from: '/users/$userId' });
  const account = useQuery(accountFound(userId));
  const { data: user, isPending } = account;
  const name = user ? nameOf(user) : isPending ? 'Loading…' : userId;
  return (
    <Page
      title={name}
      tab="User"
      above={
        <Link to="/organizations" className={links.back}>
          <IconArrowLeft size={16} aria-hidden /> Organizations
        </Link>
      }
      lead={<Lead userId={userId} user={user} isPending={isPending} />}
    >
      <Loaded query={account} of="the user" shape="form">
        {(found) => <Known key={userId} userId={userId} hasAccount={found !== null} />}
      </Loaded>
    </Page>
  );
}

interface LeadProps {
  userId: string;
  /** `null` if the user pool has no such account. */
  user: User | null | undefined;
  isPending: boolean;
}

function Lead({ userId, user, isPending }: LeadProps) {
  if (isPending) return <Skeleton height={16} width={160} />;
  return (
    <Facts>
      <Fact term="User ID">
        <Id>{userId}</Id>
      </Fact>
      {user && (
        <>
          <Fact term="Address">{addressText(user)}</Fact>
          {user.name && <Fact term="Name">{user.name}</Fact>}
          {user.username !== userId && user.username !== user.primaryEmail && (
            <Fact term="User name">{user.username}</Fact>
          )}
          <Fact term="Account">{statusText(user.status)}</Fact>
          {user.createdAt && (
            <Fact term="Created">
              <When at={user.createdAt} />
            </Fact>
          )}
        </>
      )}
      {user === null && <Fact term="Account">None in the user pool</Fact>}
    </Facts>
  );
}

function addressText({ primaryEmail, emailVerified }: User): string {
  if (!primaryEmail) return 'None';
  return emailVerified ? primaryEmail : `${primaryEmail}, not verified`;
}

interface Props {
  userId: string;
  hasAccount: boolean;
}

/** What is known about the user. Somebody without an account can still be a member, and has a past. */
function Known({ userId, hasAccount }: Props) {
  const memberships = useQuery(membershipsFound(userId));
  const claims = useQuery(claimsQuery(userId));
  const requests = useQuery(userRequestsQuery(userId));
  const removals = useQuery(userRemovalsQuery(userId));
  const isNobody =
    !hasAccount &&
    claims.data === null &&
    memberships.data?.length === 0 &&
    removals.data?.length === 0;
  if (isNobody) {
    return (
      <Card>
        <Notice icon={IconUserOff} title="Nobody has this user ID">
          The user may have been deleted, or the address of this page is wrong. The search finds
          users by the whole address or user ID.
        </Notice>
      </Card>
    );
  }
  return (
    <div className={classes.sections}>
      <Memberships userId={userId} query={memberships} />
      <Requests query={requests} />
      <Removals query={removals} />
      <Claims query={claims} />
      <Past userId={userId} />
    </div>
  );
}

const NOTHING = (
  <Notice icon={IconHistory} title="No activity">
    Nothing has happened to this user for as long as activity is kept.
  </Notice>
);

const place = ({ organizationId }: Activity) => <Organization id={organizationId} />;

/** What has happened to the user. */
function Past({ userId }: { userId: string }) {
  const source = useMemo(() => ofUser(userId), [userId]);
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <div className={classes.heading}>
        <Title order={2} size="h5" id={id}>
          Activity
        </Title>
        <HelpLink to="security#what-is-kept-and-for-how-long">
          What is kept, and for how long
        </HelpLink>
      </div>
      <ActivityList source={source} label="Activity" empty={NOTHING} place={place} />
    </section>
  );
}

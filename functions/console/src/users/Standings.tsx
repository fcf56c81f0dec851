import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { UserJoinRequest, UserRemoval } from '../api/types';
import { ByWhom } from '../ui/ByWhom';
import { Section } from '../ui/Card';
import { Loaded } from '../ui/Loaded';
import { When } from '../ui/When';
import classes from './UserPage.module.css';

/** The organizations that a user asks to join. */
export function Requests({ query }: { query: UseQueryResult<UserJoinRequest[]> }) {
  return (
    <Section title="Requests to join" lead="They wait until somebody approves or declines them.">
      <Loaded query={query} of="the requests" shape="form">
        {(requests) => (
          <List
            of={requests}
            empty="Does not ask to join any organization."
            to="/organizations/$organizationId/requests"
            label="Decide"
            why={({ requestedAt, emailDomain, ssoConnectorId }) => (
              <>
                Asked <When at={requestedAt} /> · by {emailDomain ?? ssoConnectorId}
              </>
            )}
          />
        )}
      </Loaded>
    </Section>
  );
}

/** The organizations that a user was removed from, or declined by. */
export function Removals({ query }: { query: UseQueryResult<UserRemoval[]> }) {
  return (
    <Section
      title="Removals"
      lead="No rule admits the user there again, until somebody puts the user back or lets the rules decide."
    >
      <Loaded query={query} of="the removals" shape="form">
        {(removals) => (
          <List
            of={removals}
            empty="Was not removed from any organization."
            to="/organizations/$organizationId/members/removed"
            label="Removed members"
            why={({ removedAt, removedBy, declined, organizationRoles }) => (
              <>
                {declined ? 'Declined' : 'Removed'} <When at={removedAt} />
                <ByWhom caller={removedBy} />
                {organizationRoles.length > 0 &&
                  ` · had ${organizationRoles.map(({ name }) => name).join(', ')}`}
              </>
            )}
          />
        )}
      </Loaded>
    </Section>
  );
}

interface ListProps<T> {
  of: readonly T[];
  empty: string;
  /** Where something can be done about it, and what that is called. */
  to: '/organizations/$organizationId/requests' | '/organizations/$organizationId/members/removed';
  label: string;
  why: (standing: T) => ReactNode;
}

function List<T extends { id: string; name: string }>(props: ListProps<T>) {
  const { of: standings, empty, to, label, why } = props;
  if (standings.length === 0) return <p className={classes.text}>{empty}</p>;
  return (
    <ul className={classes.list}>
      {standings.map((standing) => (
        <li key={standing.id}>
          <div>
            <Link to="/organizations/$organizationId" params={{ organizationId: standing.id }}>
              {standing.name}
            </Link>{' '}
            ·{' '}
            <Link to={to} params={{ organizationId: standing.id }}>
              {label}
            </Link>
          </div>
          <div className={classes.why}>{why(standing)}</div>
        </li>
      ))}
    </ul>
  );
}

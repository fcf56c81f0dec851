import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Who } from '../activity/Entry';
import { reasonOf } from '../activity/sentences';
import type { Activity, UserClaims } from '../api/types';
import { Section } from '../ui/Card';
import { Loaded } from '../ui/Loaded';
import { When } from '../ui/When';
import { Organization } from './Organization';
import { removalsIn, requestsIn, type Standing } from './standing';
import classes from './UserPage.module.css';

interface RequestsProps {
  claims: UseQueryResult<UserClaims | null>;
  /** The user's activity, once it is read. */
  record: readonly Activity[] | undefined;
}

/** The organizations that a user asks to join, which the claims name. */
export function Requests({ claims, record }: RequestsProps) {
  return (
    <Section title="Requests to join" lead="They wait until somebody approves or declines them.">
      <Loaded query={claims} of="the requests" shape="form">
        {(known) => (
          <List
            of={known ? requestsIn(known, record ?? []) : []}
            empty="Does not ask to join any organization."
            to="/organizations/$organizationId/requests"
            label="Decide"
          />
        )}
      </Loaded>
    </Section>
  );
}

/** The organizations that a user was removed from, or declined by. */
export function Removals({ record }: { record: UseQueryResult<Activity[]> }) {
  return (
    <Section
      title="Removals"
      lead="No rule admits the user there again, until somebody puts the user back or lets the rules decide. Removals are known for as long as activity is kept."
    >
      <Loaded query={record} of="the removals" shape="form">
        {(entries) => (
          <List
            of={removalsIn(entries)}
            empty="Was not removed from any organization."
            to="/organizations/$organizationId/members/removed"
            label="Removed members"
          />
        )}
      </Loaded>
    </Section>
  );
}

interface ListProps {
  of: readonly Standing[];
  empty: string;
  /** Where something can be done about it, and what that is called. */
  to: '/organizations/$organizationId/requests' | '/organizations/$organizationId/members/removed';
  label: string;
}

function List({ of: standings, empty, to, label }: ListProps) {
  if (standings.length === 0) return <p className={classes.text}>{empty}</p>;
  return (
    <ul className={classes.list}>
      {standings.map(({ id, entry }) => (
        <li key={id}>
          <div>
            <Organization id={id} /> ·{' '}
            <Link to={to} params={{ organizationId: id }}>
              {label}
            </Link>
          </div>
          {entry && (
            <div className={classes.why}>
              <When at={entry.time} /> · <Who of={entry} />
              {reasonOf(entry) && ` · ${reasonOf(entry)}`}
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

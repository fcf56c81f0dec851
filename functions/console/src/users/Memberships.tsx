import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { UserOrganization } from '../api/types';
import { howJoined } from '../members/provenance';
import { Roles } from '../members/Roles';
import { Section } from '../ui/Card';
import { type Columns, DataTable } from '../ui/DataTable';
import { Loaded } from '../ui/Loaded';
import { When } from '../ui/When';
import classes from './UserPage.module.css';

interface Props {
  userId: string;
  query: UseQueryResult<UserOrganization[]>;
}

const SHARES = { Organization: '32%', Roles: '28%', 'How they joined': '40%' };

/** The organizations of a user, each with the roles, and how the user became a member. */
export function Memberships({ userId, query }: Props) {
  const columns = useMemo<Columns<UserOrganization>>(
    () => ({
      Organization: ({ id, name }) => (
        <span title={name}>
          <Link
            to="/organizations/$organizationId/members"
            params={{ organizationId: id }}
            search={{ q: userId }}
          >
            {name}
          </Link>
        </span>
      ),
      Roles: (membership) => <Roles of={membership} />,
      'How they joined': ({ provenance }) => (
        <span title={howJoined(provenance)}>{howJoined(provenance)}</span>
      ),
      Joined: ({ joinedAt }) => <When at={joinedAt} />,
    }),
    [userId],
  );
  return (
    <Section wide title="Memberships">
      <Loaded query={query} of="the memberships">
        {(rows) =>
          rows.length === 0 ? (
            <p className={classes.text}>Not a member of any organization.</p>
          ) : (
            <DataTable label="Memberships" rows={rows} columns={columns} shares={SHARES} />
          )
        }
      </Loaded>
    </Section>
  );
}

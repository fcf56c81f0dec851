import { Button, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FoundUser, User } from '../api/types';
import { HelpLink } from '../help/HelpLink';
import { howJoined, nameOf } from '../members/provenance';
import { Id } from '../ui/Id';
import { When } from '../ui/When';
import { Answer, type Asked, Nothing, Part } from './Part';
import { membershipsFound } from './queries';
import { useResult } from './result';
import { rolesText } from './rolesText';
import classes from './Search.module.css';

const MOST_ACCOUNTS = 5;

/** The accounts with an address, and where each of them is a member. */
export function AccountsPart({ address, query }: { address: string; query: Asked<FoundUser[]> }) {
  return (
    <Part title="Where this person belongs">
      <Answer query={query}>{(users) => <Accounts address={address} users={users} />}</Answer>
    </Part>
  );
}

function Accounts({ address, users }: { address: string; users: FoundUser[] }) {
  const [all, { open }] = useDisclosure();
  if (users.length === 0) return <Nothing>No account has this address.</Nothing>;
  return (
    <>
      <ul className={classes.accounts}>
        {users.slice(0, all ? undefined : MOST_ACCOUNTS).map((user) => (
          <li key={user.id}>
            <Identity of={user} />
            <Proof of={user} address={address} />
            <Memberships userId={user.id} />
          </li>
        ))}
      </ul>
      {!all && users.length > MOST_ACCOUNTS && (
        <Button variant="subtle" size="compact-sm" onClick={open}>
          Show all {users.length} accounts
        </Button>
      )}
    </>
  );
}

/** Whether an account may be taken for the person with an address. */
function Proof({
  of: { addressProven, primaryEmail },
  address,
}: {
  of: FoundUser;
  address: string;
}) {
  if (!addressProven) {
    return (
      <Text size="sm" className={classes.warning}>
        This account has not proven the address. Anybody can sign up with the address of somebody
        else. <HelpLink to="security#who-can-become-a-member">Who can become a member</HelpLink>
      </Text>
    );
  }
  if (inOneForm(primaryEmail ?? '') === inOneForm(address)) return null;
  return <Nothing>This account has proven the address. It has another one now.</Nothing>;
}

function inOneForm(address: string): string {
  return address.normalize().toLowerCase();
}

interface UserPartProps {
  userId: string;
  /** The account in the user pool; `null` if there is none. */
  query: Asked<User | null>;
}

/** A user by ID. The memberships are shown even if the user pool does not have the account. */
export function UserPart({ userId, query }: UserPartProps) {
  return (
    <Part title="User">
      <div className={classes.accounts}>
        <Answer query={query}>
          {(user) =>
            user ? (
              <Identity of={user} />
            ) : (
              <Nothing>The user pool has no account with this ID.</Nothing>
            )
          }
        </Answer>
        <Memberships userId={userId} />
      </div>
    </Part>
  );
}

/** Cognito's statuses in words, but for the usual ones. */
const STATUSES: Record<string, string> = {
  UNCONFIRMED: 'has not confirmed the sign-up',
  FORCE_CHANGE_PASSWORD: 'was invited, and has not signed in yet',
  RESET_REQUIRED: 'must choose a new password',
};

function Identity({ of: user }: { of: User }) {
  const status = STATUSES[user.status ?? ''];
  // It is no answer to the question where the person belongs, so Enter does not go to it.
  const { state, onClick } = useResult();
  return (
    <div className={classes.identity}>
      <Link to="/users/$userId" params={{ userId: user.id }} state={state} onClick={onClick}>
        <strong>{nameOf(user)}</strong>
      </Link>
      <Id>{user.id}</Id>
      {status && <Nothing>This account {status}.</Nothing>}
    </div>
  );
}

/** The organizations of a user, each with the roles and how the user joined. */
function Memberships({ userId }: { userId: string }) {
  const memberships = useQuery(membershipsFound(userId));
  const result = useResult();
  return (
    <Answer query={memberships}>
      {(organizations) =>
        organizations.length === 0 ? (
          <Nothing>Not a member of any organization.</Nothing>
        ) : (
          <ul className={classes.list}>
            {organizations.map(({ id, name, organizationRoles, provenance, joinedAt }) => (
              <li key={id}>
                <Link
                  to="/organizations/$organizationId/members"
                  params={{ organizationId: id }}
                  search={{ q: userId }}
                  {...result}
                >
                  {name}
                </Link>
                <div className={classes.details}>
                  <div>{rolesText(organizationRoles)}</div>
                  <div>
                    {howJoined(provenance)}, <When at={joinedAt} />
                  </div>
                </div>
              </li>
            ))}
          </ul>
        )
      }
    </Answer>
  );
}

import { Button } from '@mantine/core';
import { IconUserCheck } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FoundUser, OrganizationPreview } from '../api/types';
import { howJoined, nameOf } from '../members/provenance';
import { accountsFound } from '../search/queries';
import { ByWhom } from '../ui/ByWhom';
import { notify } from '../ui/notify';
import { ProblemAlert } from '../ui/ProblemAlert';
import { Day } from '../ui/When';
import classes from './Admission.module.css';
import { membersByAddressQuery, putBack } from './queries';

interface StandingProps {
  organizationId: string;
  email: string;
}

/** Which members have an address already; nothing if none has. */
export function Standing({ organizationId, email }: StandingProps) {
  const { data: members = [], isFetching } = useQuery(membersByAddressQuery(organizationId, email));
  if (isFetching || members.length === 0) return null;
  return (
    <div role="status" className={classes.answers}>
      {members.map((member) => (
        <div key={member.id} className={classes.decision}>
          <IconUserCheck className={classes.icon} size={22} stroke={1.75} aria-hidden />
          <div className={classes.text}>
            <strong>
              Already a member since <Day at={member.joinedAt} />
            </strong>
            <div>{`${nameOf(member)} · ${howJoined(member.provenance)}`}</div>
            <div>The answer below is for another account.</div>
          </div>
        </div>
      ))}
    </div>
  );
}

interface RemovalProps extends StandingProps {
  preview: OrganizationPreview;
}

/** When and by whom a member with the address was removed, and how to put them back. */
export function Removal({ organizationId, email, preview }: RemovalProps) {
  const { reason, removedAt, removedBy } = preview;
  const accounts = useQuery({
    ...accountsFound(email),
    enabled: reason === 'removed_earlier',
  });
  if (reason !== 'removed_earlier') return null;
  const proven = (accounts.data ?? []).filter(({ addressProven }) => addressProven);
  return (
    <div className={classes.removal}>
      {removedAt && (
        <div>
          Removed on <Day at={removedAt} />
          <ByWhom caller={removedBy} />
        </div>
      )}
      {accounts.error && <ProblemAlert error={accounts.error} />}
      {proven.map((account) => (
        <PutBack
          key={account.id}
          organizationId={organizationId}
          account={account}
          isOnly={proven.length === 1}
        />
      ))}
      {accounts.data && proven.length === 0 && (
        <div>
          No account has proven this address at present.{' '}
          <Link to="/organizations/$organizationId/members/removed" params={{ organizationId }}>
            Removed members
          </Link>
        </div>
      )}
    </div>
  );
}

interface PutBackProps {
  organizationId: string;
  account: FoundUser;
  /** Whether no other account has proven the address. */
  isOnly: boolean;
}

/** Makes an account a member again, with the roles from before. */
function PutBack({ organizationId, account, isOnly }: PutBackProps) {
  const putting = useMutation({
    mutationFn: () => putBack(organizationId, account.id),
    onSuccess: () => notify(`${nameOf(account)} is a member again.`),
  });
  return (
    <div>
      <Button
        size="compact-sm"
        variant="default"
        loading={putting.isPending}
        onClick={() => putting.mutate()}
      >
        {isOnly ? 'Put back' : `Put back ${account.username ?? account.id}`}
      </Button>
      <ProblemAlert error={putting.error} focused />
    </div>
  );
}

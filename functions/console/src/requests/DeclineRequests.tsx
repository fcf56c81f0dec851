import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { JoinRequest } from '../api/types';
import { BulkState, throwIfFailed, useBulk } from '../members/bulk';
import { OtherUsers } from '../members/OtherUsers';
import { nameOf } from '../members/provenance';
import { counted } from '../organizations/counts';
import { FormModal } from '../ui/FormModal';
import { isDecided, withSameAddress } from './deciding';
import { loadedRequests } from './queries';
import classes from './Requests.module.css';
import { useRequestsChanges } from './useRequestsChanges';

interface Props {
  organizationId: string;
  requests: readonly JoinRequest[];
  onClose: () => void;
}

/** Declines requests, after saying what that means. */
export function DeclineRequests({ organizationId, requests, onClose }: Props) {
  const { declineAll } = useRequestsChanges(organizationId);
  const queries = useQueryClient();
  const bulk = useBulk(requests, isDecided);
  const others = withSameAddress(requests, loadedRequests(queries, organizationId));
  const submit = async () => {
    const outcome = await bulk.run(declineAll);
    throwIfFailed(outcome, 'declined', { unit: 'request', isFinal: isDecided });
    return undefined;
  };
  const [first] = requests;
  const who = requests.length === 1 && first ? nameOf(first) : counted(requests.length, 'request');
  const left = counted(bulk.left.length, 'request');
  const act = requests.length === 1 ? 'Decline' : `Decline ${left}`;
  return (
    <FormModal
      danger
      title={`Decline ${who}?`}
      act={bulk.left.length === 0 ? undefined : act}
      initialValues={{}}
      onSubmit={submit}
      onClose={onClose}
    >
      {() => (
        <>
          <Text size="sm">
            {requests.length === 1
              ? 'The user does not become a member, and cannot ask again. '
              : 'The users do not become members, and cannot ask again. '}
            This holds for every account with the same address, until somebody adds the user by hand
            or lets the rules decide again, in the list of removed members. Usher does not tell the
            user.
          </Text>
          <OtherUsers className={classes.list} unit="request" done="declined" users={others} />
          <Text size="sm">
            You can undo this right afterwards. The request itself appears again only when the user
            next signs in.
          </Text>
          <BulkState of={bulk} />
        </>
      )}
    </FormModal>
  );
}

import { Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { batch } from '../api/batch';
import { isNotFound } from '../api/problem';
import type { Member } from '../api/types';
import { counted } from '../organizations/counts';
import { FormModal } from '../ui/FormModal';
import { notify, notifyFailure } from '../ui/notify';
import { BulkState, throwIfFailed, useBulk } from './bulk';
import classes from './Members.module.css';
import { OtherUsers } from './OtherUsers';
import { nameOf } from './provenance';
import { type Leaving, leaving } from './removing';
import { useMembersChanges } from './useMembersChanges';

/**
 * Removes members. It asks if there are several, or if other accounts with the same address go too.
 * Otherwise the removal is done at once, since it can be undone. Tells `onDone` who is not a member
 * any more.
 */
export function useRemoval(organizationId: string, onDone: (members: readonly Member[]) => void) {
  const { drop, removeAll } = useMembersChanges(organizationId);
  const queries = useQueryClient();
  const [asking, setAsking] = useState<Leaving[]>();
  const [looked, setLooked] = useState<number>();
  const atOnce = useMutation({
    mutationFn: async (one: Leaving) => {
      const { failed } = await removeAll([one]);
      if (failed[0]) throw failed[0].error;
      onDone([one.member]);
    },
    onError: (error, { member }) => notifyFailure(error, `${nameOf(member)} was not removed`),
  });
  const { mutate } = atOnce;
  const begin = useCallback(
    async (members: readonly Member[]) => {
      setLooked(0);
      const { done, failed } = await batch(
        members,
        (member) => leaving(organizationId, member),
        setLooked,
      );
      setLooked(undefined);
      const [refused] = failed;
      if (refused) {
        // If the organization was deleted meanwhile, the page learns that by reading again.
        if (isNotFound(refused.error)) await queries.invalidateQueries();
        return notifyFailure(refused.error, 'Nobody was removed');
      }
      const gone = done.filter(({ result }) => !result).map(({ item }) => item);
      if (gone.length > 0) {
        drop(new Set(gone.map(({ id }) => id)));
        onDone(gone);
        notify(`Somebody else has already removed ${gone.map(nameOf).join(', ')}.`);
      }
      const found = done.flatMap(({ result }) => result ?? []);
      const [first] = found;
      if (!first) return;
      if (members.length === 1 && first.others.length === 0) mutate(first);
      else setAsking(found);
    },
    [queries, organizationId, drop, onDone, mutate],
  );
  return { begin, looked, asking, close: () => setAsking(undefined) };
}

interface Props {
  organizationId: string;
  all: readonly Leaving[];
  /** Is told who is removed, also if others have failed. */
  onDone: (members: readonly Member[]) => void;
  onClose: () => void;
}

/** Asks before it removes members, and says which other accounts go too. */
export function RemoveMembers({ organizationId, all, onDone, onClose }: Props) {
  const { removeAll } = useMembersChanges(organizationId);
  const bulk = useBulk(all.map(({ member }) => member));
  const others = othersOf(all);
  const submit = async () => {
    const outcome = await bulk.run(async (some, onProgress) => {
      const ids = new Set(some.map(({ id }) => id));
      const { done, failed } = await removeAll(
        all.filter(({ member }) => ids.has(member.id)),
        onProgress,
      );
      return {
        done: done.map(({ item, result }) => ({ item: item.member, result })),
        failed: failed.map(({ item, error }) => ({ item: item.member, error })),
      };
    });
    onDone(outcome.done.flatMap(({ item, result }) => [item, ...result]));
    throwIfFailed(outcome, 'removed');
    return undefined;
  };
  const [first] = bulk.left;
  const who = bulk.left.length === 1 && first ? nameOf(first) : counted(bulk.left.length, 'member');
  return (
    <FormModal
      danger
      title={`Remove ${who}?`}
      act={bulk.left.length === 1 ? 'Remove member' : `Remove ${who}`}
      initialValues={{}}
      onSubmit={submit}
      onClose={onClose}
    >
      {() => (
        <>
          <Text size="sm">
            Their next tokens no longer have the membership. A token that they have now keeps it
            until it expires. Signing in does not bring them back, and neither does a new account
            with the same address. You can undo this right afterwards, or put them back later.
          </Text>
          <OtherUsers className={classes.names} unit="account" done="removed" users={others} />
          <BulkState of={bulk} />
        </>
      )}
    </FormModal>
  );
}

/** The accounts that are removed although nobody has selected them. */
function othersOf(all: readonly Leaving[]): Member[] {
  const selected = new Set(all.map(({ member }) => member.id));
  const others = all.flatMap((one) => one.others).filter(({ id }) => !selected.has(id));
  return [...new Map(others.map((other) => [other.id, other])).values()];
}

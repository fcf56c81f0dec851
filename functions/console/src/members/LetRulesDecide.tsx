import { Text } from '@mantine/core';
import type { RemovedUser } from '../api/types';
import { counted } from '../organizations/counts';
import { FormModal } from '../ui/FormModal';
import { BulkState, throwIfFailed, useBulk } from './bulk';
import { nameOf } from './provenance';
import { useMembersChanges } from './useMembersChanges';

interface Props {
  organizationId: string;
  people: readonly RemovedUser[];
  onClose: () => void;
}

/** Clears what keeps those who were removed or declined from joining, after saying what that means. */
export function LetRulesDecide({ organizationId, people, onClose }: Props) {
  const { clearAll } = useMembersChanges(organizationId);
  const bulk = useBulk(people);
  const submit = async () => {
    const outcome = await bulk.run(clearAll);
    throwIfFailed(outcome, 'changed', { unit: 'user' });
    return `The rules decide again about ${whoOf(people)}.`;
  };
  return (
    <FormModal
      title={`Let the rules decide again about ${whoOf(people)}?`}
      act="Let the rules decide"
      initialValues={{}}
      onSubmit={submit}
      onClose={onClose}
    >
      {() => (
        <>
          <Text size="sm">
            Nobody becomes a member now. When they next sign in, a rule can make them members or let
            them ask to join, with the roles that new members get. They are no longer listed here,
            and the roles from before are forgotten.
          </Text>
          <BulkState of={bulk} />
        </>
      )}
    </FormModal>
  );
}

function whoOf(people: readonly RemovedUser[]): string {
  const [first] = people;
  return people.length === 1 && first ? nameOf(first) : counted(people.length, 'user');
}

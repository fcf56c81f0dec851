import { Checkbox, Stack, Text } from '@mantine/core';
import type { Outcome } from '../api/batch';
import { ShownError } from '../api/problem';
import type { Member } from '../api/types';
import { counted } from '../organizations/counts';
import { RolePicker } from '../roles/RolePicker';
import { FormModal } from '../ui/FormModal';
import { BulkState, throwIfFailed, useBulk } from './bulk';
import { giveRoles, takeRoles } from './changing';
import { useMembersChanges } from './useMembersChanges';

interface Props {
  organizationId: string;
  members: readonly Member[];
  /** Is told who is done, also if others have failed. */
  onDone: (members: readonly Member[]) => void;
  onClose: () => void;
}

const initialValues = { organizationRoleIds: [] as string[] };

/** Gives roles to several members. Their other roles stay. */
export function AddRoles({ organizationId, members, onDone, onClose }: Props) {
  const { showRoles } = useMembersChanges(organizationId);
  const bulk = useBulk(members);
  const submit = async ({ organizationRoleIds: added }: typeof initialValues) => {
    requireSome(added);
    const outcome = await bulk.run((some, onProgress) =>
      giveRoles(organizationId, some, added, onProgress),
    );
    await showRoles(idsOf(outcome), { added, removed: [] });
    onDone(outcome.done.map(({ item }) => item));
    throwIfFailed(outcome, 'given the roles');
    return `The roles were added to ${counted(outcome.done.length, 'member')}.`;
  };
  return (
    <FormModal
      title={`Add roles to ${counted(members.length, 'member')}`}
      act="Add roles"
      initialValues={initialValues}
      onSubmit={submit}
      onClose={onClose}
    >
      {({ values, errors, setFieldValue }) => (
        <>
          <RolePicker
            withLabel
            label="Roles to add"
            description="The members keep the roles that they have. Their next tokens contain the new ones."
            value={values.organizationRoleIds}
            error={errors.organizationRoleIds}
            onChange={(ids) => setFieldValue('organizationRoleIds', ids)}
          />
          <BulkState of={bulk} />
        </>
      )}
    </FormModal>
  );
}

/** Removes roles from several members. Their other roles stay. */
export function TakeRoles({ organizationId, members, onDone, onClose }: Props) {
  const { showRoles } = useMembersChanges(organizationId);
  const bulk = useBulk(members);
  const submit = async ({ organizationRoleIds: removed }: typeof initialValues) => {
    requireSome(removed);
    const outcome = await bulk.run((some, onProgress) =>
      takeRoles(organizationId, some, removed, onProgress),
    );
    await showRoles(idsOf(outcome), { added: [], removed });
    onDone(outcome.done.map(({ item }) => item));
    throwIfFailed(outcome, 'changed');
    return `The roles were removed from ${counted(outcome.done.length, 'member')}.`;
  };
  const held = heldRoles(members);
  return (
    <FormModal
      title={`Remove roles from ${counted(members.length, 'member')}`}
      act="Remove roles"
      initialValues={initialValues}
      onSubmit={submit}
      onClose={onClose}
    >
      {({ values, setFieldValue }) => (
        <>
          {held.length === 0 ? (
            <Text size="sm">None of them holds a role.</Text>
          ) : (
            <Checkbox.Group
              label="Roles to remove"
              description="The members keep their other roles. Their next tokens no longer contain these."
              value={values.organizationRoleIds}
              onChange={(ids) => setFieldValue('organizationRoleIds', ids)}
            >
              <Stack gap="xs" mt="xs">
                {held.map(({ value, label }) => (
                  <Checkbox key={value} value={value} label={label} />
                ))}
              </Stack>
            </Checkbox.Group>
          )}
          <BulkState of={bulk} />
        </>
      )}
    </FormModal>
  );
}

/** The roles that some of the members hold, each with how many do. */
function heldRoles(members: readonly Member[]) {
  const all = members.flatMap(({ organizationRoles }) => organizationRoles);
  return [...Map.groupBy(all, ({ id }) => id)]
    .map(([value, held]) => ({ value, label: `${held[0]?.name} (${held.length})` }))
    .sort((one, other) => one.label.localeCompare(other.label));
}

function requireSome(ids: readonly string[]) {
  if (ids.length > 0) return;
  throw new ShownError({ title: 'No role is selected', detail: 'Select at least one role.' });
}

function idsOf({ done }: Outcome<Member, unknown>): ReadonlySet<string> {
  return new Set(done.map(({ item }) => item.id));
}

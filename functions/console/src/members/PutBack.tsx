import { Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { RemovedUser } from '../api/types';
import { counted } from '../organizations/counts';
import { FormModal } from '../ui/FormModal';
import { NewMembersRoles } from './NewMembersRoles';
import { nameOf } from './provenance';
import { useDefaultRoles } from './useDefaultRoles';
import { backText, useMembersChanges } from './useMembersChanges';

interface Props {
  organizationId: string;
  people: readonly RemovedUser[];
  onClose: () => void;
}

interface Values extends Record<string, unknown> {
  roles: 'before' | 'others';
  /** Absent until somebody changes them: the default roles. */
  organizationRoleIds?: string[];
}

/** What making them members is called: those who were declined have never been members. */
export function putBackLabel(people: readonly RemovedUser[]): string {
  return people.every(({ declined }) => declined) ? 'Make a member' : 'Put back';
}

function titleOf(people: readonly RemovedUser[]): string {
  const [first] = people;
  const who = people.length === 1 && first ? nameOf(first) : counted(people.length, 'user');
  if (!people.every(({ declined }) => declined)) return `Put ${who} back?`;
  return people.length === 1 ? `Make ${who} a member?` : `Make ${who} members?`;
}

/** Makes those who were removed or declined members, with the roles from before or with others. */
export function PutBack({ organizationId, people, onClose }: Props) {
  const { addAll } = useMembersChanges(organizationId);
  const defaults = useDefaultRoles(organizationId);
  const [added, setAdded] = useState<number>();
  const held = people.some(({ organizationRoles }) => organizationRoles.length > 0);
  const initialValues: Values = { roles: held ? 'before' : 'others' };
  const submit = async ({ roles, organizationRoleIds }: Values) => {
    const ids = people.map(({ id }) => id);
    const unknown = await addAll(
      ids,
      {
        restoreRoles: roles === 'before',
        organizationRoleIds: (roles === 'others' && organizationRoleIds) || (await defaults.load()),
      },
      setAdded,
    );
    return backText(ids.length, unknown.length);
  };
  return (
    <FormModal
      title={titleOf(people)}
      act={putBackLabel(people)}
      initialValues={initialValues}
      onSubmit={submit}
      onClose={onClose}
    >
      {({ values, errors, setFieldValue }) => (
        <>
          {held && (
            <Radio.Group
              label="Roles"
              value={values.roles}
              onChange={(next) => setFieldValue('roles', next as Values['roles'])}
            >
              <Stack gap="xs" mt="xs">
                <Radio value="before" label="Roles from before" description={beforeText(people)} />
                <Radio value="others" label="Other roles" />
              </Stack>
            </Radio.Group>
          )}
          {values.roles === 'others' && (
            <NewMembersRoles
              label={held ? 'Other roles' : 'Roles'}
              description="The default roles are selected."
              defaults={defaults}
              value={values.organizationRoleIds}
              error={errors.organizationRoleIds}
              onChange={(next) => setFieldValue('organizationRoleIds', next)}
            />
          )}
          {added !== undefined && (
            <Text size="sm" role="status">
              {`${added.toLocaleString()} of ${people.length.toLocaleString()} are members again`}
            </Text>
          )}
        </>
      )}
    </FormModal>
  );
}

/** Which roles those are, in words. */
function beforeText(people: readonly RemovedUser[]): string {
  const [first] = people;
  if (people.length === 1 && first) {
    return first.organizationRoles.map(({ name }) => name).join(', ');
  }
  const some = 'Each gets the roles that they held, except those that were deleted since.';
  return people.some(({ declined }) => declined)
    ? `${some} Whoever was declined gets the default roles.`
    : some;
}

import { Button, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { JoinRequest } from '../api/types';
import { BulkState, throwIfFailed, useBulk } from '../members/bulk';
import { RolesAwaited } from '../members/NewMembersRoles';
import { nameOf } from '../members/provenance';
import { counted } from '../organizations/counts';
import { rolesQuery } from '../roles/queries';
import { RolePicker } from '../roles/RolePicker';
import { roleNameOf } from '../roles/selection';
import { FormModal } from '../ui/FormModal';
import { isDecided } from './deciding';
import classes from './Requests.module.css';
import { commonRoles, type Group } from './rules';
import { approvedText, useRequestsChanges } from './useRequestsChanges';
import { useRolesByRule } from './useRolesByRule';

interface Props {
  organizationId: string;
  requests: readonly JoinRequest[];
  onClose: () => void;
}

/** Absent until somebody changes them: those that the rules give. */
const initialValues: { organizationRoleIds?: string[] } = {};

/** Makes those who ask to join members, after showing the roles that they get. */
export function ApproveRequests({ organizationId, requests, onClose }: Props) {
  const { approveAll } = useRequestsChanges(organizationId);
  const bulk = useBulk(requests, isDecided);
  const roles = useRolesByRule(organizationId, requests);
  const submit = async ({ organizationRoleIds }: typeof initialValues) => {
    await roles.load();
    const { done, failed } = await bulk.run((some, onProgress) =>
      approveAll(some, organizationRoleIds, onProgress),
    );
    throwIfFailed({ done, failed }, 'approved', { unit: 'request', isFinal: isDecided });
    return approvedText(
      done.map(({ result }) => result),
      organizationRoleIds,
    );
  };
  const [first] = requests;
  const who = requests.length === 1 && first ? nameOf(first) : counted(requests.length, 'request');
  const left = counted(bulk.left.length, 'request');
  const act = requests.length === 1 ? 'Approve' : `Approve ${left}`;
  return (
    <FormModal
      title={`Approve ${who}?`}
      act={bulk.left.length === 0 ? undefined : act}
      initialValues={initialValues}
      onSubmit={submit}
      onClose={onClose}
    >
      {({ values, errors, setFieldValue }) => (
        <>
          <Text size="sm">
            {requests.length === 1
              ? 'The user becomes a member, and the next tokens say so. '
              : 'The users become members, and their next tokens say so. '}
            There is no undo: to take it back, remove the member in the list of members.
          </Text>
          {roles.groups ? (
            <Roles
              groups={roles.groups}
              value={values.organizationRoleIds}
              error={errors.organizationRoleIds}
              onChange={(ids) => setFieldValue('organizationRoleIds', ids)}
            />
          ) : (
            <RolesAwaited what="roles of the rules" error={roles.error} retry={roles.retry} />
          )}
          <BulkState of={bulk} />
        </>
      )}
    </FormModal>
  );
}

interface RolesProps {
  groups: readonly Group[];
  value: string[] | undefined;
  error: ReactNode;
  onChange: (value: string[] | undefined) => void;
}

/** The roles that the rules give, which can be replaced by the same roles for all. */
function Roles({ groups, value, error, onChange }: RolesProps) {
  const common = commonRoles(groups);
  const given = common ? [...common] : undefined;
  if (value === undefined && !given) {
    return <RolesByRule groups={groups} onReplace={() => onChange([])} />;
  }
  return (
    <>
      <RolePicker
        withLabel
        label="Roles"
        description={
          given
            ? 'The roles that the rule gives are selected.'
            : 'All of them get these roles, and not those of the rules.'
        }
        value={value ?? given ?? []}
        error={error}
        onChange={onChange}
      />
      {!given && (
        <div>
          <Button size="compact-sm" variant="default" onClick={() => onChange(undefined)}>
            Use the roles of the rules
          </Button>
        </div>
      )}
    </>
  );
}

function RolesByRule({ groups, onReplace }: { groups: readonly Group[]; onReplace: () => void }) {
  const { data: known = [] } = useQuery(rolesQuery);
  return (
    <div>
      <Text size="sm" fw={600}>
        Each user gets the roles of the rule:
      </Text>
      <ul className={classes.list} aria-label="Roles by rule">
        {groups.map(({ rule, requests, roleIds }) => (
          <li key={rule}>
            {`${rule} (${counted(requests.length, 'request')}): `}
            {roleIds.map((id) => roleNameOf(id, known) ?? id).join(', ') || 'no roles'}
          </li>
        ))}
      </ul>
      <Button size="compact-sm" variant="default" onClick={onReplace}>
        Give all of them the same roles
      </Button>
    </div>
  );
}

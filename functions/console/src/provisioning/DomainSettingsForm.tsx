import { Checkbox, NativeSelect } from '@mantine/core';
import { useRef } from 'react';
import { fieldErrors } from '../api/problem';
import type { Enrollment } from '../api/types';
import { useDraft } from '../app/drafts';
import { RolePicker } from '../roles/RolePicker';
import { settingsIn } from './draft';
import { ENROLLMENTS } from './enrollment';
import type { Editing } from './useEditor';

interface Props {
  domain: string;
  editing: Editing;
}

const WAYS = Object.entries(ENROLLMENTS).map(([value, { label }]) => ({ value, label }));

/** The settings of one domain of the draft. */
export function DomainSettingsForm({ domain, editing }: Props) {
  const { draft, refusal } = editing;
  const settings = settingsIn(draft, domain);
  const { enrollment, existingUsers, organizationRoleIds, subdomains } = settings;
  const errors = refusal?.settingsOf === domain ? fieldErrors(refusal.error) : {};
  const set = (some: Partial<typeof settings>) => editing.setUp(domain, some);
  return (
    <>
      <NativeSelect
        label="New users"
        description={ENROLLMENTS[enrollment].text}
        data={WAYS}
        error={errors.enrollment}
        value={enrollment}
        onChange={(event) => set({ enrollment: event.currentTarget.value as Enrollment })}
      />
      <NativeSelect
        label="Existing users"
        description={`Users who had an account before this domain was listed, when they sign in. ${ENROLLMENTS[existingUsers ?? enrollment].text}`}
        data={[{ value: SAME, label: 'The same as new users' }, ...WAYS]}
        error={errors.existingUsers}
        value={existingUsers ?? SAME}
        onChange={({ currentTarget: { value } }) =>
          set({ existingUsers: value === SAME ? null : (value as Enrollment) })
        }
      />
      <NativeSelect
        label="Roles"
        description={
          organizationRoleIds === null
            ? 'New members get the default roles of the organization.'
            : 'New members get only these roles, and not the default roles.'
        }
        data={[
          { value: '', label: 'The default roles' },
          { value: OWN, label: 'Roles of its own, or none' },
        ]}
        value={organizationRoleIds === null ? '' : OWN}
        onChange={({ currentTarget: { value } }) =>
          set({ organizationRoleIds: value === OWN ? [] : null })
        }
      />
      {organizationRoleIds !== null && (
        <OwnRoles
          domain={domain}
          editing={editing}
          value={organizationRoleIds}
          error={errors.organizationRoleIds}
        />
      )}
      <Checkbox
        label="Also its subdomains"
        description={`Addresses such as jane@mail.${domain} count too.`}
        error={errors.subdomains}
        aria-invalid={errors.subdomains !== undefined || undefined}
        checked={subdomains}
        onChange={(event) => set({ subdomains: event.currentTarget.checked })}
      />
    </>
  );
}

const SAME = '';
const OWN = 'own';

interface OwnRolesProps extends Props {
  value: string[];
  error: string | undefined;
}

/** The roles that members by this domain get. It alone follows the text in its field. */
function OwnRoles({ domain, editing, value, error }: OwnRolesProps) {
  const key = editing.texts.ownRoles(domain);
  const [text = ''] = useDraft<string>(key);
  const field = useRef<HTMLInputElement>(null);
  return (
    <RolePicker
      label={`Roles of ${domain}`}
      withLabel
      description={value.length === 0 ? 'No role is selected: new members get none.' : ''}
      value={value}
      onChange={(organizationRoleIds) => editing.setUp(domain, { organizationRoleIds })}
      text={text}
      onTextChange={(next) => editing.setOwnRolesText(domain, next)}
      fieldRef={field}
      error={editing.notes.ownRoles?.text ?? error}
    />
  );
}

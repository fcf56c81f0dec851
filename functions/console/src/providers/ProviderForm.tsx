import { Radio, Stack, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { RolePicker } from '../roles/RolePicker';
import { FormModal } from '../ui/FormModal';
import type { ProviderSettings } from './settings';

interface Props {
  id: string;
  settings: ProviderSettings;
  /** The other providers in the list. */
  others: readonly string[];
  /** Whether the provider is not saved yet, so that its name can change. */
  isNew: boolean;
  onApply: (name: string, settings: ProviderSettings) => void;
  onClose: () => void;
}

interface Values extends Record<string, unknown> {
  name: string;
  enrollment: ProviderSettings['enrollment'];
  roles: 'default' | 'own' | 'none';
  /** The roles if they are the provider's own. */
  organizationRoleIds: string[];
  emailDomains: ProviderSettings['emailDomains'];
}

/** Changes the settings of an identity provider in the draft. */
export function ProviderForm({ id, settings, others, isNew, onApply, onClose }: Props) {
  const submit = async (values: Values) => {
    onApply(values.name.trim(), settingsIn(values));
    return undefined;
  };
  const validate = (values: Values) => ({
    ...nameError(values.name.trim(), others),
    ...(values.roles === 'own' &&
      values.organizationRoleIds.length === 0 && {
        organizationRoleIds: 'Select at least one role, or choose “No roles”.',
      }),
  });
  return (
    <FormModal
      title={`Settings of ${id}`}
      act="Apply"
      isDraft
      initialValues={valuesOf(id, settings)}
      validate={validate}
      onSubmit={submit}
      onClose={onClose}
    >
      {(form) => (
        <Stack gap="lg">
          {isNew && (
            <TextInput
              label="Name in the user pool"
              description="Letter case matters."
              autoCapitalize="none"
              autoComplete="off"
              spellCheck={false}
              {...form.getInputProps('name')}
            />
          )}
          <Radio.Group
            label="When somebody signs in through it"
            {...form.getInputProps('enrollment')}
          >
            <Stack gap="xs" mt="xs">
              <Radio value="automatic" label="They become a member" />
              <Radio
                value="request"
                label="They ask to become a member"
                description="An administrator approves or declines the request."
              />
              <Radio value="off" label="Nothing" description="Members stay members." />
            </Stack>
          </Radio.Group>
          <RolesField form={form} />
          <Radio.Group label="Email addresses" {...form.getInputProps('emailDomains')}>
            <Stack gap="xs" mt="xs">
              <Radio value="any" label="Any address" description="Also users without an address." />
              <Radio
                value="listed"
                label="Only addresses in proven domains"
                description="The organization has to list the domain and prove that it owns it."
              />
            </Stack>
          </Radio.Group>
        </Stack>
      )}
    </FormModal>
  );
}

function RolesField({ form }: { form: UseFormReturnType<Values> }) {
  const { roles, organizationRoleIds } = form.values;
  return (
    <div>
      <Radio.Group label="Roles of those who join by it" {...form.getInputProps('roles')}>
        <Stack gap="xs" mt="xs">
          <Radio value="default" label="The organization’s default roles" />
          <Radio value="own" label="These roles instead" />
          <Radio value="none" label="No roles" />
        </Stack>
      </Radio.Group>
      {roles === 'own' && (
        <Stack mt="xs">
          <RolePicker
            label="Roles"
            value={organizationRoleIds}
            error={form.errors.organizationRoleIds}
            onChange={(ids) => form.setFieldValue('organizationRoleIds', ids)}
          />
        </Stack>
      )}
    </div>
  );
}

function valuesOf(name: string, settings: ProviderSettings): Values {
  const { enrollment, organizationRoleIds: ids, emailDomains } = settings;
  const roles = !ids ? 'default' : ids.length > 0 ? 'own' : 'none';
  return { name, enrollment, roles, organizationRoleIds: [...(ids ?? [])], emailDomains };
}

function settingsIn({ enrollment, roles, organizationRoleIds, emailDomains }: Values) {
  const own = roles === 'own' ? organizationRoleIds : [];
  return { enrollment, organizationRoleIds: roles === 'default' ? null : own, emailDomains };
}

function nameError(name: string, others: readonly string[]): { name?: string } {
  if (name === '') return { name: 'Enter the name that the provider has in the user pool.' };
  if (/\s/.test(name)) return { name: 'The name of a provider has no spaces.' };
  return others.includes(name) ? { name: `${name} is already listed.` } : {};
}

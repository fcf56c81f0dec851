import type { SsoConnector } from '../api/types';
import { ENROLLMENTS } from '../provisioning/enrollment';

/** What an organization decides about an identity provider. */
export type ProviderSettings = Pick<
  SsoConnector,
  'enrollment' | 'organizationRoleIds' | 'emailDomains'
>;

export type Setting = keyof ProviderSettings;

/** The settings, in the order of the form. */
export const SETTINGS = [
  'enrollment',
  'organizationRoleIds',
  'emailDomains',
] as const satisfies readonly Setting[];

/** What there is to know about a listed identity provider, apart from its settings. */
export type ProviderFacts = Pick<SsoConnector, 'id' | 'providerType' | 'addedAt' | 'addedBy'>;

/** An identity provider in a list, with its name in the user pool. */
export interface Provider extends ProviderSettings {
  id: string;
}

/** The identity providers that an organization lists. A draft has them, so that they are plain JSON. */
export type Providers = readonly Provider[];

/** The provider with a name in a list. */
export function providerIn(providers: Providers, id: string): Provider | undefined {
  return providers.find((provider) => provider.id === id);
}

/** The settings of a provider that is listed without any. */
export const DEFAULTS: ProviderSettings = {
  enrollment: 'automatic',
  organizationRoleIds: null,
  emailDomains: 'any',
};

/** A stored provider with its settings, without the rest. */
export function providerOf(stored: SsoConnector): Provider {
  const { id, enrollment, organizationRoleIds, emailDomains } = stored;
  return { id, enrollment, organizationRoleIds, emailDomains };
}

/** What each setting is called. */
export const LABELS: Record<Setting, string> = {
  enrollment: 'Enrollment',
  organizationRoleIds: 'Roles',
  emailDomains: 'Email addresses',
};

export const ADDRESSES: Record<ProviderSettings['emailDomains'], string> = {
  any: 'Any address',
  listed: 'Only addresses in proven domains',
};

/** The value of a setting in a few words. */
export function settingText(
  settings: ProviderSettings,
  setting: Setting,
  roleName: (id: string) => string,
): string {
  switch (setting) {
    case 'enrollment':
      return ENROLLMENTS[settings.enrollment].label;
    case 'organizationRoleIds':
      return rolesText(settings.organizationRoleIds, roleName);
    case 'emailDomains':
      return ADDRESSES[settings.emailDomains];
  }
}

function rolesText(ids: readonly string[] | null, roleName: (id: string) => string): string {
  if (!ids) return 'Default roles';
  return ids.length === 0 ? 'No roles' : ids.map(roleName).join(', ');
}

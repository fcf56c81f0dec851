import type { SsoConnector } from '../api/types';

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
export type ProviderFacts = Pick<SsoConnector, 'providerType' | 'addedAt' | 'addedBy'>;

/** The identity providers that an organization lists, by their names in the user pool. */
export type Providers = ReadonlyMap<string, ProviderSettings>;

/** The settings of a provider that is listed without any. */
export const DEFAULTS: ProviderSettings = {
  enrollment: 'automatic',
  organizationRoleIds: null,
  emailDomains: 'any',
};

/** The settings of a provider, without the rest. */
export function settingsOf({
  enrollment,
  organizationRoleIds,
  emailDomains,
}: SsoConnector): ProviderSettings {
  return { enrollment, organizationRoleIds, emailDomains };
}

/** What each setting is called. */
export const LABELS: Record<Setting, string> = {
  enrollment: 'Enrollment',
  organizationRoleIds: 'Roles',
  emailDomains: 'Email addresses',
};

export const ENROLLMENTS: Record<ProviderSettings['enrollment'], string> = {
  automatic: 'Automatic',
  request: 'On request',
  off: 'Off',
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
      return ENROLLMENTS[settings.enrollment];
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

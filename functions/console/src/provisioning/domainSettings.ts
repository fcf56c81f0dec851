import type { EmailDomain } from '../api/types';
import { isSameSetting } from './changes';

/** What somebody can set for one listed domain. */
export type DomainSettings = Pick<
  EmailDomain,
  'enrollment' | 'existingUsers' | 'organizationRoleIds' | 'subdomains'
>;

export type Setting = keyof DomainSettings;

/** The settings of a domain, in the order of its page. */
export const SETTINGS = [
  'enrollment',
  'existingUsers',
  'organizationRoleIds',
  'subdomains',
] as const satisfies readonly Setting[];

/** The settings of a domain that was added by its name alone. */
export const DEFAULTS: DomainSettings = {
  enrollment: 'automatic',
  existingUsers: null,
  organizationRoleIds: null,
  subdomains: false,
};

/** Some settings of a domain. */
export type SomeSettings = Partial<DomainSettings>;

/** The settings in which two domains differ. The order of roles does not count. */
export function settingsThatDiffer(one: DomainSettings, other: DomainSettings): Setting[] {
  return SETTINGS.filter((setting) => !isSameSetting(one[setting], other[setting]));
}

/** The settings of some that differ from those of a domain. */
export function changedSettings(settings: DomainSettings, some: SomeSettings): SomeSettings {
  const after = { ...settings, ...some };
  const changed = settingsThatDiffer(settings, after).map((setting) => [setting, after[setting]]);
  return Object.fromEntries(changed) as SomeSettings;
}

import { type Changes, changes, isChanged, isSameSetting, merge } from '../provisioning/changes';
import {
  type Provider,
  type ProviderSettings,
  type Providers,
  providerIn,
  SETTINGS,
  type Setting,
} from './settings';

/** The settings of a provider that differ. */
export interface ChangedProvider {
  id: string;
  settings: Setting[];
}

/** The differences between two lists of providers, regardless of order. */
export interface ProvidersChanges extends Changes {
  /** The providers that both lists have, with other settings. */
  changed: ChangedProvider[];
}

export function providersChanges(before: Providers, after: Providers): ProvidersChanges {
  const changed = after.flatMap((provider) => {
    const old = providerIn(before, provider.id);
    const settings = old ? settingsThatDiffer(old, provider) : [];
    return settings.length > 0 ? [{ id: provider.id, settings }] : [];
  });
  return { ...changes(before.map(idOf), after.map(idOf)), changed };
}

export function areProvidersChanged(all: ProvidersChanges): boolean {
  return isChanged(all) || all.changed.length > 0;
}

/** Their list, with my changes since `base` on top. Settings are merged one by one. */
export function mergeProviders(base: Providers, mine: Providers, theirs: Providers): Provider[] {
  const ids = merge(base.map(idOf), mine.map(idOf), theirs.map(idOf));
  return ids.flatMap((id) => {
    const [before, own, other] = [base, mine, theirs].map((list) => providerIn(list, id));
    return mergeProvider(before, own, other) ?? [];
  });
}

function mergeProvider(
  base: Provider | undefined,
  mine: Provider | undefined,
  theirs: Provider | undefined,
): Provider | undefined {
  // A provider that both have added is mine.
  if (!base || !mine || !theirs) return mine ?? theirs;
  const changed = settingsThatDiffer(base, mine).map((setting) => [setting, mine[setting]]);
  return { ...theirs, ...Object.fromEntries(changed) };
}

/** The settings in which two differ. The order of roles does not count. */
export function settingsThatDiffer(one: ProviderSettings, other: ProviderSettings): Setting[] {
  return SETTINGS.filter((setting) => !isSameSetting(one[setting], other[setting]));
}

function idOf({ id }: Provider): string {
  return id;
}

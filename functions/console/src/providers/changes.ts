import { type Changes, changes, isChanged, merge } from '../provisioning/changes';
import { type ProviderSettings, type Providers, SETTINGS, type Setting } from './settings';

/** The differences between two lists of providers, regardless of order. */
export interface ProvidersChanges extends Changes {
  /** The settings that differ, of the providers that both lists have. */
  changed: ReadonlyMap<string, Setting[]>;
}

export function providersChanges(before: Providers, after: Providers): ProvidersChanges {
  const changed = [...after].flatMap(([id, settings]) => {
    const old = before.get(id);
    const differing = old ? settingsThatDiffer(old, settings) : [];
    return differing.length > 0 ? [[id, differing] as const] : [];
  });
  return { ...changes([...before.keys()], [...after.keys()]), changed: new Map(changed) };
}

export function areProvidersChanged(all: ProvidersChanges): boolean {
  return isChanged(all) || all.changed.size > 0;
}

/** Their list, with my changes since `base` on top. Settings are merged one by one. */
export function mergeProviders(base: Providers, mine: Providers, theirs: Providers): Providers {
  const ids = merge([...base.keys()], [...mine.keys()], [...theirs.keys()]);
  return new Map(
    ids.flatMap((id) => {
      const settings = mergeSettings(base.get(id), mine.get(id), theirs.get(id));
      return settings ? [[id, settings] as const] : [];
    }),
  );
}

function mergeSettings(
  base: ProviderSettings | undefined,
  mine: ProviderSettings | undefined,
  theirs: ProviderSettings | undefined,
): ProviderSettings | undefined {
  // A provider that both have added is mine.
  if (!base || !mine || !theirs) return mine ?? theirs;
  const changed = settingsThatDiffer(base, mine).map((setting) => [setting, mine[setting]]);
  return { ...theirs, ...Object.fromEntries(changed) };
}

/** The settings in which two differ. The order of roles does not count. */
export function settingsThatDiffer(one: ProviderSettings, other: ProviderSettings): Setting[] {
  return SETTINGS.filter((setting) => {
    const [before, after] = [one[setting], other[setting]];
    if (!Array.isArray(before) || !Array.isArray(after)) return before !== after;
    return isChanged(changes(before, after));
  });
}

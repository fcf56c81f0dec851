import type { RefusedProviders } from '../providers/save';
import type { StoredRoles } from '../roles/newRoles';
import {
  type Configuration,
  type Draft,
  isUnsaved,
  type Part,
  rebased,
  withoutSavedSettings,
  withRoles,
} from './draft';
import type { RefusedDomains } from './refusals';

/** What a save has stored, also if it did not come to its end. */
export interface Progress {
  /** The lists and versions that are stored by now, as far as this save knows. */
  base: Configuration;
  /** The new roles that are stored by now. */
  stored: StoredRoles;
}

/** The result of saving. */
export type Outcome = Progress &
  (
    | { kind: 'saved' }
    /** Somebody else saved first. */
    | { kind: 'conflict'; now: Configuration }
    /** A list was refused, or the connection failed. */
    | { kind: 'refused'; refusal: Refusal }
  );

export interface Refusal {
  list: Part;
  error: unknown;
  /** The domains that were refused, if this is why. */
  domains?: RefusedDomains;
  /** The domain whose settings were refused, if this is why. */
  settingsOf?: string;
  /** The identity providers that were refused, if this is why. */
  providers?: RefusedProviders;
  rolesSaved: boolean;
  /** Whether the list of domains is saved, apart from what was refused. */
  domainsSaved: boolean;
}

/**
 * What is left to save after an outcome; nothing if all is stored. The draft may have changed since it
 * was sent: those changes stay.
 */
export function remaining(draft: Draft, outcome: Outcome): Draft | undefined {
  const based = withRoles({ ...draft, base: outcome.base }, outcome.stored);
  const { theirs, ...rest } = withoutSavedSettings(based);
  switch (outcome.kind) {
    case 'saved':
      return isUnsaved(rest) ? rest : undefined;
    case 'conflict': {
      // Nothing is left if the others saved the same, or if the answer to an earlier save was lost.
      const next = rebased(rest, outcome.now);
      return isUnsaved(next) ? next : undefined;
    }
    case 'refused':
      return theirs ? { ...rest, theirs } : rest;
  }
}

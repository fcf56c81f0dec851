import type { Member } from '../api/types';

const ENTRY_PATHS: Record<Member['provenance']['entryPath'], string> = {
  PostConfirmation: 'when signing up',
  PreTokenGeneration: 'when signing in',
  ManagementApi: 'when created by the API',
};

/** How somebody became a member, in words. */
export function howJoined({ rule, emailDomain, entryPath }: Member['provenance']): string {
  return rule === 'email_domain' ? `By ${emailDomain}, ${ENTRY_PATHS[entryPath]}` : 'Added by hand';
}

/** What to call a member: the address, or what else is known. */
export function nameOf({ primaryEmail, username, id }: Member): string {
  return primaryEmail ?? username ?? id;
}

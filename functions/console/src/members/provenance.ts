import { type Member, type Provenance, unhandled } from '../api/types';

type Named = Pick<Member, 'primaryEmail' | 'username' | 'id'>;

const ENTRY_PATHS: Record<Provenance['entryPath'], string> = {
  PostConfirmation: 'when signing up',
  PreTokenGeneration: 'when signing in',
  ManagementApi: 'when created by the API',
};

/** How somebody became a member, in words. */
export function howJoined({ rule, emailDomain, entryPath }: Provenance): string {
  switch (rule) {
    case 'email_domain':
      return `By ${emailDomain}, ${ENTRY_PATHS[entryPath]}`;
    case 'api':
      return 'Added by hand';
    default:
      return unhandled(rule);
  }
}

/** What to call a user: the email address if there is one, else the user name or the id. */
export function nameOf({ primaryEmail, username, id }: Named): string {
  return primaryEmail ?? username ?? id;
}

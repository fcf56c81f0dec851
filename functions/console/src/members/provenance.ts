import { type Member, type Provenance, unhandled } from '../api/types';
import { callerText } from '../session/callers';

/** A user, as all lists of users name one. */
export type Person = Pick<Member, 'primaryEmail' | 'username' | 'id'>;

const ENTRY_PATHS: Record<Provenance['entryPath'], string> = {
  PostConfirmation: 'when signing up',
  PreTokenGeneration: 'when signing in',
  ManagementApi: 'when created by the API',
};

/** How somebody became a member, in words. */
export function howJoined(provenance: Provenance): string {
  const { rule, emailDomain, ssoConnectorId, addedBy } = provenance;
  switch (rule) {
    case 'email_domain':
      return `By ${emailDomain}, ${joining(provenance)}`;
    case 'sso_connector':
      return `By the provider ${ssoConnectorId}, ${joining(provenance)}`;
    case 'api':
      return addedBy ? `Added by ${callerText(addedBy)}` : 'Added by hand';
    default:
      return unhandled(rule);
  }
}

/** When a rule was satisfied, and who has approved it if it took a request and that is known. */
function joining({ entryPath, approvedBy }: Provenance): string {
  const when = ENTRY_PATHS[entryPath];
  return approvedBy ? `by request ${when}, approved by ${callerText(approvedBy)}` : when;
}

/** What to call a user: the email address if there is one, else the user name or the id. */
export function nameOf({ primaryEmail, username, id }: Person): string {
  return primaryEmail ?? username ?? id;
}

import { Link } from '@tanstack/react-router';
import { type OrganizationPreview, type Preview, unhandled } from '../api/types';
import { refusalOf } from '../api/words';
import { HelpLink } from '../help/HelpLink';
import { Answer, type Asked, Nothing, Part } from './Part';
import { useResult } from './result';
import { rolesText } from './rolesText';
import classes from './Search.module.css';

interface Props {
  query: Asked<Preview>;
}

/** Which organizations would admit a new user with an address, and why the others would not. */
export function AdmissionsPart({ query }: Props) {
  return (
    <Part title="Where a new user with this address would be admitted">
      <Answer query={query}>
        {(preview) => (
          <>
            <Why of={preview} />
            <Organizations of={preview} describe={decisionText} />
          </>
        )}
      </Answer>
    </Part>
  );
}

/** Which organizations list a domain. */
export function DomainPart({ query }: Props) {
  return (
    <Part title="Organizations that list this email domain">
      <Answer query={query}>
        {(preview) => (
          <>
            <Why of={preview} />
            <Organizations of={preview} describe={listingText} />
          </>
        )}
      </Answer>
    </Part>
  );
}

/** Why no organization admits anybody with an address. */
function Why({ of: { reason, emailDomain } }: { of: Preview }) {
  if (!reason) return null;
  return (
    <Nothing>
      {reason === 'not_listed'
        ? `No organization lists ${emailDomain}. A domain counts for its subdomains only if its settings say so.`
        : refusalOf(reason, emailDomain)}{' '}
      <HelpLink to="security#who-can-become-a-member">Who can become a member</HelpLink>
    </Nothing>
  );
}

interface OrganizationsProps {
  of: Preview;
  describe: (preview: OrganizationPreview) => string;
}

function Organizations({ of: { organizations }, describe }: OrganizationsProps) {
  const result = useResult();
  return (
    <ul className={classes.list}>
      {organizations.map((preview) => (
        <li key={preview.organizationId}>
          <Link
            to="/organizations/$organizationId"
            params={{ organizationId: preview.organizationId }}
            {...result}
          >
            {preview.organizationName}
          </Link>
          <div className={classes.details}>{describe(preview)}</div>
        </li>
      ))}
    </ul>
  );
}

function decisionText(preview: OrganizationPreview): string {
  const { decision, reason, emailDomain, organizationRoles } = preview;
  switch (decision) {
    case 'join':
      return `Becomes a member. ${rolesText(organizationRoles)}`;
    case 'request':
      return `Asks to become a member. ${rolesText(organizationRoles)}, after the approval`;
    case 'refuse':
      return `Is not admitted. ${refusalOf(reason ?? '', emailDomain)}`;
    default:
      return unhandled(decision);
  }
}

function listingText({ organizationRoles }: OrganizationPreview): string {
  return `${rolesText(organizationRoles)}, for new members`;
}

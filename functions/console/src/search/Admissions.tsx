import { Link } from '@tanstack/react-router';
import type { OrganizationPreview, Preview } from '../api/types';
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
function Why({ of: { reason, detail } }: { of: Preview }) {
  if (!reason) return null;
  return (
    <Nothing>
      {detail}
      {reason === 'not_listed' && ' Subdomains are listed separately.'}{' '}
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

function decisionText({ decision, detail, organizationRoles }: OrganizationPreview): string {
  return decision === 'join'
    ? `Becomes a member. ${rolesText(organizationRoles)}`
    : `Is not admitted: ${detail}`;
}

function listingText({ organizationRoles }: OrganizationPreview): string {
  return `${rolesText(organizationRoles)}, for new members`;
}

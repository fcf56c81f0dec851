import { AccountsPart, UserPart } from './Accounts';
import { AdmissionsPart, DomainPart } from './Admissions';
import { OrganizationsPart, RolesPart } from './Names';
import { Nothing } from './Part';
import type { Recognised } from './recognise';
import type { Found } from './useFound';

interface Props {
  what: Recognised;
  found: Found;
}

/** What is found, by what the text may be. */
export function Results({ what, found }: Props) {
  const { name, userId, domain, address } = what;
  if (Object.keys(what).length === 0) {
    return (
      <Nothing>
        This is longer than any name, ID, email domain or email address. Search for a part of it.
      </Nothing>
    );
  }
  const { accounts, account, memberships, admissions } = found;
  const isNobody = account.data === null && memberships.data?.length === 0;
  return (
    <>
      {address && <AccountsPart address={address} query={accounts} />}
      {address && <AdmissionsPart query={admissions} />}
      {!address && domain && <DomainPart query={admissions} />}
      {userId && !isNobody && <UserPart userId={userId} query={account} />}
      {name && (
        <Names name={name} found={found} isAll={!address && !domain && (!userId || isNobody)} />
      )}
    </>
  );
}

interface NamesProps {
  name: string;
  found: Found;
  /** Whether nothing else can be found. */
  isAll: boolean;
}

/** The organizations and roles. Beside something else, they are shown only if there are any. */
function Names({ name, found: { organizations, roles }, isAll }: NamesProps) {
  const noOrganizations = organizations.data?.organizations.length === 0;
  const noRoles = roles.data?.length === 0;
  if (isAll && noOrganizations && noRoles) {
    return (
      <Nothing>
        Nothing was found for “{name}”. Organizations are found by the beginning of their names,
        roles by any part of their names, and both by their whole IDs. To find a person, type the
        whole address or the user ID.
      </Nothing>
    );
  }
  const isShown = (query: { data: unknown; error: unknown }, isEmpty: boolean) =>
    !isEmpty && (isAll || Boolean(query.data || query.error));
  return (
    <>
      {isShown(organizations, noOrganizations) && (
        <OrganizationsPart text={name} query={organizations} />
      )}
      {isShown(roles, noRoles) && <RolesPart key={name} query={roles} />}
    </>
  );
}

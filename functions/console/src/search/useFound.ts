import { useQuery } from '@tanstack/react-query';
import { rolesQuery } from '../roles/queries';
import { matchingRoles } from './matching';
import {
  accountFound,
  accountsFound,
  admissionsFound,
  membershipsFound,
  organizationsFound,
} from './queries';
import type { Recognised } from './recognise';

export type Found = ReturnType<typeof useFound>;

/** Asks for everything that a text may be. What it cannot be is not asked for. */
export function useFound({ name, userId, domain, address }: Recognised) {
  // Which organizations list a domain is part of the answer for any address in it.
  const previewed = address ?? (domain && `someone@${domain}`);
  const organizations = useQuery({ ...organizationsFound(name ?? ''), enabled: Boolean(name) });
  const roles = useQuery({
    ...rolesQuery,
    enabled: Boolean(name),
    select: (all) => matchingRoles(all, name ?? ''),
  });
  const admissions = useQuery({
    ...admissionsFound(previewed ?? ''),
    enabled: Boolean(previewed),
  });
  const accounts = useQuery({ ...accountsFound(address ?? ''), enabled: Boolean(address) });
  const account = useQuery({ ...accountFound(userId ?? ''), enabled: Boolean(userId) });
  const memberships = useQuery({ ...membershipsFound(userId ?? ''), enabled: Boolean(userId) });
  const queries = { organizations, roles, admissions, accounts, account, memberships };
  return { ...queries, isLoading: Object.values(queries).some((query) => query.isLoading) };
}

/** What is found, in a line: `2 organizations, 1 role`. Empty if nothing is. */
export function summaryOf({ organizations, roles, admissions, accounts, account }: Found): string {
  const counts: [number | undefined, string, string][] = [
    [organizations.data?.organizations.length, 'organization', 'organizations'],
    [roles.data?.length, 'role', 'roles'],
    [accounts.data?.length ?? (account.data ? 1 : 0), 'account', 'accounts'],
    [
      admissions.data?.organizations.length,
      'organization that lists the domain',
      'organizations that list the domain',
    ],
  ];
  return counts
    .filter(([count]) => count)
    .map(([count, one, many]) => `${count} ${count === 1 ? one : many}`)
    .join(', ');
}

import type { EventType } from '../api/types';

/** What can be filtered by, in groups. Roles, and what ends an organization or a user, are in no list. */
export const KINDS = [
  {
    group: 'Members',
    kinds: {
      'Organization.Membership.Created': 'Members who joined',
      'Organization.Membership.RolesChanged': 'Roles of members changed',
      'Organization.Membership.Removed': 'Memberships that ended',
      'Organization.RemovedUser.Cleared': 'Removals taken back',
    },
  },
  {
    group: 'Requests to join',
    kinds: {
      'Organization.JoinRequest.Created': 'New requests',
      'Organization.JoinRequest.Approved': 'Approved requests',
      'Organization.JoinRequest.Declined': 'Declined requests',
      'Organization.JoinRequest.Removed': 'Requests that ended otherwise',
    },
  },
  {
    group: 'Email domains',
    kinds: {
      'Organization.EmailDomain.Added': 'Domains added',
      'Organization.EmailDomain.Changed': 'Domain settings changed',
      'Organization.EmailDomain.Removed': 'Domains removed',
      'Organization.EmailDomain.OwnershipChanged': 'Domain ownership changed',
    },
  },
  {
    group: 'Identity providers',
    kinds: {
      'Organization.SsoConnector.Added': 'Providers added',
      'Organization.SsoConnector.Changed': 'Provider settings changed',
      'Organization.SsoConnector.Removed': 'Providers removed',
    },
  },
  {
    group: 'Organization',
    kinds: {
      'Organization.Created': 'Organization created',
      'Organization.Updated': 'Name, description or data changed',
      'Organization.DefaultRoles.Changed': 'Default roles changed',
    },
  },
] satisfies { group: string; kinds: Partial<Record<EventType, string>> }[];

const LISTED = new Set<string>(KINDS.flatMap(({ kinds }) => Object.keys(kinds)));

/** The kind with this name, if one can filter by it. */
export function kindNamed(name: string | undefined): EventType | undefined {
  return name !== undefined && LISTED.has(name) ? (name as EventType) : undefined;
}

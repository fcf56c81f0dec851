import type { Member, Provenance } from '../api/types';

/** What the page's address says about which members are shown. */
export interface MembersSearch {
  /** What the name, address or id contains. */
  q?: string;
  /** The id of a role that they hold. */
  role?: string;
  /** How they joined: a {@link Way}, or the rule that made them members: a domain or a provider. */
  joined?: string;
}

/** The filters that the API applies. */
export type Filters = Omit<MembersSearch, 'q'>;

/** The ways to become a member, apart from which rule it was. */
export const WAYS = {
  hand: 'Added by hand',
  PostConfirmation: 'By domain, when signing up',
  PreTokenGeneration: 'By domain, when signing in',
  ManagementApi: 'By domain, when created by the API',
  provider: 'By provider',
} satisfies Record<'hand' | 'provider' | Provenance['entryPath'], string>;

type Way = keyof typeof WAYS;

const isWay = (text: string): text is Way => text in WAYS;
export const isDomain = (text: string) => /^[^\s@/]+\.[^\s@/.]+$/.test(text);

/** What stands for a provider. Its name alone could look like a domain. */
export const joinedByProvider = (id: string) => `provider/${id}`;
/** The provider that something stands for; empty if it is none. */
export const providerIn = (joined: string) => /^provider\/(\S{1,32})$/.exec(joined)?.[1] ?? '';
const isRoleId = (text: string) => /^[\w-]{1,64}$/.test(text);

/** Reads the search of the page's address. What makes no sense is left out. */
export function membersSearch(search: Record<string, unknown>): MembersSearch {
  const [q, role, joined] = [search.q, search.role, search.joined].map((value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '',
  );
  return {
    ...(q && { q }),
    ...(role && isRoleId(role) && { role }),
    ...(joined && (isWay(joined) || isDomain(joined) || providerIn(joined)) && { joined }),
  };
}

/** What the address of the list of removed members says: which of them are shown, by default all. */
export interface RemovedSearch {
  show?: 'removed' | 'declined';
}

export function removedSearch({ show }: Record<string, unknown>): RemovedSearch {
  return show === 'removed' || show === 'declined' ? { show } : {};
}

/** The API's parameters for the filters. */
export function parametersOf({ role, joined }: Filters) {
  return { ...(role && { organizationRoleId: role }), ...(joined && provenanceOf(joined)) };
}

function provenanceOf(joined: string) {
  if (joined === 'hand') return { rule: 'api' } as const;
  if (joined === 'provider') return { rule: 'sso_connector' } as const;
  if (isWay(joined)) return { rule: 'email_domain', entryPath: joined } as const;
  const ssoConnectorId = providerIn(joined);
  return ssoConnectorId ? { ssoConnectorId } : { emailDomain: joined };
}

/** Whether a member still belongs into a list with these filters, after the roles have changed. */
export function holds({ organizationRoles }: Member, { role }: Filters): boolean {
  return !role || organizationRoles.some(({ id }) => id === role);
}

/** Whether a text can be a whole address or user id, which the API finds in the whole organization. */
export function isExact(text: string): boolean {
  return isAddress(text) || /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(text);
}

export function isAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);
}

/** Whether the address, user name or id of a member contains a text in lower case. */
export function contains({ primaryEmail, username, id }: Member, text: string): boolean {
  return [primaryEmail, username, id].some((value) => value?.toLowerCase().includes(text));
}

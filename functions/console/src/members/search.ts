import type { Member, Provenance } from '../api/types';

/** What the page's address says about which members are shown. */
export interface MembersSearch {
  /** What the name, address or id contains. */
  q?: string;
  /** The id of a role that they hold. */
  role?: string;
  /** How they joined: a {@link Way}, or the email domain that made them members. */
  joined?: string;
}

/** The filters that the API applies. */
export type Filters = Omit<MembersSearch, 'q'>;

/** The ways to become a member, apart from which domain it was. */
export const WAYS = {
  hand: 'Added by hand',
  PostConfirmation: 'By domain, when signing up',
  PreTokenGeneration: 'By domain, when signing in',
  ManagementApi: 'By domain, when created by the API',
} satisfies Record<'hand' | Provenance['entryPath'], string>;

type Way = keyof typeof WAYS;

const isWay = (text: string): text is Way => text in WAYS;
export const isDomain = (text: string) => /^[^\s@/]+\.[^\s@/.]+$/.test(text);
const isRoleId = (text: string) => /^[\w-]{1,64}$/.test(text);

/** Reads the search of the page's address. What makes no sense is left out. */
export function membersSearch(search: Record<string, unknown>): MembersSearch {
  const [q, role, joined] = [search.q, search.role, search.joined].map((value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '',
  );
  return {
    ...(q && { q }),
    ...(role && isRoleId(role) && { role }),
    ...(joined && (isWay(joined) || isDomain(joined)) && { joined }),
  };
}

/** The API's parameters for the filters. */
export function parametersOf({ role, joined }: Filters) {
  return { ...(role && { organizationRoleId: role }), ...(joined && provenanceOf(joined)) };
}

function provenanceOf(joined: string) {
  if (joined === 'hand') return { rule: 'api' } as const;
  if (isWay(joined)) return { rule: 'email_domain', entryPath: joined } as const;
  return { emailDomain: joined };
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

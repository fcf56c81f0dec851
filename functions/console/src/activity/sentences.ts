import { type Activity, type EventType, unhandled } from '../api/types';
import { nameOf } from '../members/provenance';
import { counted } from '../organizations/counts';
import { ADDRESSES } from '../providers/settings';
import { changes } from '../provisioning/changes';
import { ENROLLMENTS } from '../provisioning/enrollment';
import { answerWords, STATES } from '../provisioning/ownership';

/** What an entry is about, which the page of it is linked to. */
export type Subject =
  | { kind: 'user'; id: string; name: string }
  | { kind: 'domain'; name: string }
  | { kind: 'other'; name: string };

/** A sentence around what it is about: `The roles of `, `jane@acme.com`, ` were changed`. */
export interface Sentence {
  before: string;
  /** Absent in a sentence about the organization itself. */
  subject?: Subject;
  after: string;
}

/** What a role is called; its ID if it was deleted since. */
export type RoleName = (id: string) => string;

type Values = Readonly<Record<string, unknown>>;

/** What has happened. */
export function sentenceOf(entry: Activity): Sentence {
  const [before, after] = AROUND[entry.type] ?? [entry.type, ''];
  return after === '' ? { before, after } : { before, subject: subjectOf(entry, before), after };
}

/** What stands before and after what an entry is about. If nothing is after it, that is the organization. */
const AROUND: Record<EventType, readonly [before: string, after: string]> = {
  'Organization.Created': ['The organization was created', ''],
  'Organization.Updated': ['The organization was changed', ''],
  'Organization.Deleted': ['The organization was deleted', ''],
  'Organization.Membership.Created': ['', ' became a member'],
  'Organization.Membership.RolesChanged': ['The roles of ', ' were changed'],
  'Organization.Membership.Removed': ['', ' is no longer a member'],
  'Organization.Membership.Updated': ['Members were added or removed', ''],
  'Organization.RemovedUser.Cleared': ['The rules decide about ', ' again'],
  'Organization.JoinRequest.Created': ['', ' asked to join'],
  'Organization.JoinRequest.Approved': ['The request of ', ' was approved'],
  'Organization.JoinRequest.Declined': ['The request of ', ' was declined'],
  'Organization.JoinRequest.Removed': ['The request of ', ' ended'],
  'Organization.EmailDomain.Added': ['The email domain ', ' was added'],
  'Organization.EmailDomain.Changed': ['The settings of the email domain ', ' were changed'],
  'Organization.EmailDomain.Removed': ['The email domain ', ' was removed'],
  'Organization.EmailDomain.OwnershipChanged': ['The ownership of ', ' changed'],
  'Organization.SsoConnector.Added': ['The identity provider ', ' was added'],
  'Organization.SsoConnector.Changed': ['The settings of the identity provider ', ' were changed'],
  'Organization.SsoConnector.Removed': ['The identity provider ', ' was removed'],
  'Organization.DefaultRoles.Changed': ['The default roles were changed', ''],
  'OrganizationRole.Created': ['The role ', ' was created'],
  'OrganizationRole.Updated': ['The role ', ' was changed'],
  'OrganizationRole.Deleted': ['The role ', ' was deleted'],
  'User.Deleted': ['', ' was deleted'],
};

/** The sentence as a text. */
export function textOf({ before, subject, after }: Sentence): string {
  return `${before}${subject?.name ?? ''}${after}`;
}

function subjectOf(entry: Activity, before: string): Subject {
  const { type, userId: id, emailDomain, ssoConnectorId, organizationRoleId } = entry;
  if (emailDomain) return { kind: 'domain', name: emailDomain };
  if (ssoConnectorId) return { kind: 'other', name: ssoConnectorId };
  if (type.startsWith('OrganizationRole.')) {
    return {
      kind: 'other',
      name: textIn(entry.after ?? entry.before, 'name') ?? organizationRoleId ?? '',
    };
  }
  if (!id) return { kind: 'other', name: before ? 'a deleted user' : 'A deleted user' };
  const { primaryEmail = null, username = null } = entry;
  return { kind: 'user', id, name: nameOf({ id, primaryEmail, username }) };
}

/** Why it happened; nothing if the sentence says all there is. */
export function reasonOf({ cause, type }: Activity): string | undefined {
  if (!cause) return undefined;
  const { rule, emailDomain, ssoConnectorId, reason } = cause;
  if (reason) return REASONS[reason]?.(type) ?? reason;
  switch (rule) {
    case undefined:
      return undefined;
    case 'email_domain':
      return `The email domain ${emailDomain}`;
    case 'sso_connector':
      return `The provider ${ssoConnectorId}`;
    case 'api':
      return 'Added by hand';
    default:
      return unhandled(rule);
  }
}

type Reason = NonNullable<NonNullable<Activity['cause']>['reason']>;

const REASONS: Record<Reason, (type: EventType) => string> = {
  removed: () => 'Removed by hand',
  same_address: (type) =>
    type === 'Organization.JoinRequest.Removed'
      ? 'Another account with the same address was removed or declined'
      : 'Another account with the same address was removed',
  became_member: () => 'Became a member in another way',
  user_deleted: () => 'The user was deleted',
};

/** How somebody appeared, for whom a trigger has done it. */
export const ENTRIES: Record<NonNullable<Activity['actor']['entryPath']>, string> = {
  PostConfirmation: 'The user, when signing up',
  PreTokenGeneration: 'The user, when signing in',
  ManagementApi: 'The API, when it created the user',
};

/** What was before and what is after, in short sentences. */
export function detailsOf(entry: Activity, roleName: RoleName): string[] {
  const { type } = entry;
  const [before, after] = [entry.before ?? {}, entry.after ?? {}] as const;
  switch (type) {
    case 'Organization.Membership.Created':
      return [rolesLine('Roles', rolesIn(after), roleName)];
    case 'Organization.Membership.Removed':
      return [rolesLine('Roles before', rolesIn(before), roleName)];
    case 'Organization.Membership.RolesChanged':
    case 'Organization.DefaultRoles.Changed':
      return rolesChanged(rolesIn(before) ?? [], rolesIn(after) ?? [], roleName);
    case 'Organization.EmailDomain.Added':
    case 'Organization.SsoConnector.Added':
      return settingsChanged(USUAL, after, roleName);
    case 'Organization.EmailDomain.Changed':
    case 'Organization.SsoConnector.Changed':
      return settingsChanged(before, after, roleName);
    case 'Organization.EmailDomain.OwnershipChanged':
      return ownershipChanged(before, after);
    case 'Organization.Deleted':
      return ended(before);
    case 'Organization.Updated':
    case 'OrganizationRole.Updated':
      return textsChanged(before, after);
    default:
      return [];
  }
}

/** The settings of what was added by its name alone. They go without saying. */
const USUAL: Values = {
  enrollment: 'automatic',
  existingUsers: null,
  organizationRoleIds: null,
  subdomains: false,
  emailDomains: 'any',
  ownership: 'vouched',
};

function rolesLine(label: string, ids: readonly string[] | null, roleName: RoleName): string {
  return `${label}: ${ids?.map(roleName).join(', ') || 'none'}`;
}

function rolesChanged(before: readonly string[], after: readonly string[], roleName: RoleName) {
  const { added, removed } = changes(before, after);
  return [
    ...(added.length > 0 ? [rolesLine('Added', added, roleName)] : []),
    ...(removed.length > 0 ? [rolesLine('Removed', removed, roleName)] : []),
  ];
}

/** A line for each setting that differs. */
function settingsChanged(before: Values, after: Values, roleName: RoleName): string[] {
  return Object.entries(SETTINGS).flatMap(([name, { label, textOf }]) => {
    const [was, is] = [before[name], after[name]];
    if (is === undefined || JSON.stringify(was) === JSON.stringify(is)) return [];
    const now = textOf(is, roleName);
    return before === USUAL
      ? [`${label}: ${now}`]
      : [`${label}: ${textOf(was, roleName)} → ${now}`];
  });
}

const enrollment = (value: unknown) =>
  value === null
    ? 'the same as new users'
    : (ENROLLMENTS[value as keyof typeof ENROLLMENTS]?.label.toLowerCase() ?? String(value));

const SETTINGS: Record<
  string,
  { label: string; textOf: (value: unknown, roleName: RoleName) => string }
> = {
  enrollment: { label: 'New users', textOf: enrollment },
  existingUsers: { label: 'Existing users', textOf: enrollment },
  organizationRoleIds: {
    label: 'Roles',
    textOf: (value, roleName) =>
      Array.isArray(value)
        ? value.map((id) => roleName(String(id))).join(', ') || 'none'
        : 'default roles',
  },
  subdomains: {
    label: 'Subdomains',
    textOf: (value) => (value === true ? 'included' : 'not included'),
  },
  emailDomains: {
    label: 'Email addresses',
    textOf: (value) => ADDRESSES[value as keyof typeof ADDRESSES]?.toLowerCase() ?? String(value),
  },
  ownership: { label: 'Ownership', textOf: (value) => stateText(value) },
};

function stateText(value: unknown): string {
  return STATES[value as keyof typeof STATES]?.label.toLowerCase() ?? String(value);
}

function ownershipChanged(before: Values, after: Values): string[] {
  const answer = textIn(after, 'answer');
  return [
    capitalised(`${stateText(before.ownership)} → ${stateText(after.ownership)}`),
    ...(answer ? [answerWords(answer).title] : []),
  ];
}

/** What ended with an organization. */
function ended({ memberships, joinRequests }: Values): string[] {
  const counts = [
    typeof memberships === 'number' && counted(memberships, 'membership'),
    typeof joinRequests === 'number' && joinRequests > 0 && counted(joinRequests, 'request'),
  ].filter((text) => text !== false);
  return counts.length > 0 ? [`Ended with it: ${counts.join(', ')}`] : [];
}

function textsChanged(before: Values, after: Values): string[] {
  const line = (label: string, name: string) => {
    const [was, is] = [textIn(before, name), textIn(after, name)];
    return was === is ? [] : [`${label}: ${quoted(was)} → ${quoted(is)}`];
  };
  return [
    ...line('Name', 'name'),
    ...line('Description', 'description'),
    ...(after.customDataChanged === true ? ['Custom data changed'] : []),
  ];
}

const quoted = (text: string | undefined) => (text === undefined ? 'none' : `“${text}”`);

const capitalised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function textIn(values: Values | undefined, name: string): string | undefined {
  const value = values?.[name];
  return typeof value === 'string' ? value : undefined;
}

function rolesIn({ organizationRoleIds }: Values): string[] | null {
  return Array.isArray(organizationRoleIds) ? organizationRoleIds.map(String) : null;
}

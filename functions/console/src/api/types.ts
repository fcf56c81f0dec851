import type { components } from './schema';

type Schemas = components['schemas'];

/** A user of a list in which the API names the id `userId`. The console calls it `id` everywhere. */
export type WithId<User extends { userId: string }> = Omit<User, 'userId'> & { id: string };

export type Activity = Schemas['Activity'];
export type Caller = Schemas['Caller'];
export type CheckedEmailDomain = Schemas['CheckedEmailDomain'];
export type EmailDomain = Schemas['EmailDomain'];
export type Enrollment = Schemas['Enrollment'];
export type EventType = Schemas['EventType'];
export type FoundUser = Schemas['FoundUser'];
export type JoinRequest = WithId<Schemas['JoinRequest']>;
export type Member = Schemas['Member'];
export type OrganizationPreview = Schemas['OrganizationPreview'];
export type ApiOrganization = Schemas['Organization'];
/** An organization with its version, and with its custom data as JSON text, which parsing would change. */
export type Organization = Omit<ApiOrganization, 'customData'> & {
  customData: string;
  etag: string;
};
export type Ownership = Schemas['Ownership'];
export type Preview = Schemas['Preview'];
export type Problem = Schemas['Problem'];
export type Provenance = Schemas['Provenance'];
export type RemovedUser = WithId<Schemas['RemovedUser']>;
export type Role = Schemas['OrganizationRole'];
export type RoleUsage = Schemas['OrganizationRoleUsage'];
export type SsoConnector = Schemas['SsoConnector'];
export type User = Schemas['User'];
export type UserClaims = Schemas['UserClaims'];
export type UserJoinRequest = Schemas['UserJoinRequest'];
export type UserRemoval = Schemas['UserRemoval'];
export type UserOrganization = Schemas['UserOrganization'];

/**
 * Ends a switch over an enum of the API. A value that the switch does not handle is a type error
 * here; if a newer API sends one, its name is shown.
 */
export function unhandled(value: never): string {
  return String(value);
}

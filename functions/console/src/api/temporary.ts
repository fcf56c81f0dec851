// TEMPORARY: the parts of the API that its document does not have yet.
import type { components, paths } from './schema';

type Schemas = components['schemas'];
type Enrollment = Schemas['Enrollment'];

type Json<T> = { content: { 'application/json': T } };
type Answers<Status extends number, T> = Record<
  Status,
  T extends undefined ? { headers: object; content?: never } : { headers: object } & Json<T>
> &
  Record<404, { headers: object; content: { 'application/problem+json': Schemas['Problem'] } }>;
interface Parameters<Path> {
  query?: never;
  header?: { 'If-Match'?: string };
  path: Path;
  cookie?: never;
}
interface Operation<Path, Body, Status extends number, T> {
  parameters: [Path] extends [never] ? Omit<Parameters<never>, 'path'> : Parameters<Path>;
  requestBody: Json<Body>;
  responses: Answers<Status, T>;
}
interface ListPath {
  organizationId: string;
}
interface NewRule {
  enrollment?: Enrollment;
  organizationRoleIds?: string[] | null;
}
export interface PreviewRequest {
  email: string;
  identityProvider?: string;
  existingUser?: boolean;
  draft?: {
    emailDomains: ({
      emailDomain: string;
      existingUsers?: Enrollment | null;
      subdomains?: boolean;
    } & NewRule)[];
    ssoConnectors: ({ id: string; emailDomains?: 'any' | 'listed' } & NewRule)[];
    organizationRoleIds: string[];
  };
}
type Check =
  | Schemas['CheckOutcome']['check']
  | 'provider_trusted'
  | 'provider_listed'
  | 'domain_proven'
  | 'enrollment_on'
  | 'address_in_listed_domain';
type Decided = Omit<Schemas['OrganizationPreview'], 'decision' | 'checks'> & {
  decision: 'join' | 'request' | 'refuse';
  checks: { check: Check; passed: boolean }[];
  rule: {
    kind: 'email_domain' | 'sso_connector';
    emailDomain?: string;
    ssoConnectorId?: string;
    isSubdomain: boolean;
  } | null;
  removedAt: string | null;
  removedBy: Schemas['Caller'] | null;
};
export type OrganizationPreview = Decided;
export type Preview = Omit<Schemas['Preview'], 'organizations'> & { organizations: Decided[] };

interface Added {
  '/organizations/{organizationId}/jit/preview': {
    post: Operation<ListPath, PreviewRequest, 200, Decided>;
  };
  '/jit/preview': {
    post: Operation<never, PreviewRequest, 200, Preview>;
  };
}

export type WithTemporary = Omit<paths, keyof Added> & Added;

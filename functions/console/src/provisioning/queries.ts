import { queryOptions } from '@tanstack/react-query';
import { answered, api } from '../api/client';
import { organizationQuery } from '../organizations/queries';
import type { Configuration, Listed } from './draft';

/** An organization's current email domains and default roles, with their versions. */
export const configurationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...organizationQuery(organizationId).queryKey, 'provisioning'],
    queryFn: ({ signal }) => readConfiguration(organizationId, signal),
  });

/** Whether a new user with this address would be admitted by the saved configuration. */
export const admissionQuery = (organizationId: string, email: string) =>
  queryOptions({
    queryKey: [...configurationQuery(organizationId).queryKey, 'admission', email],
    queryFn: async ({ signal }) => {
      const params = { path: { organizationId } };
      const asked = { params, body: { email }, signal };
      return (await answered(api.POST('/organizations/{organizationId}/jit/preview', asked))).data;
    },
    enabled: email !== '',
  });

export async function readConfiguration(
  organizationId: string,
  signal?: AbortSignal,
): Promise<Configuration> {
  const asked = { params: { path: { organizationId } }, ...(signal && { signal }) };
  const [domains, roles] = await Promise.all([
    answered(api.GET('/organizations/{organizationId}/jit/email-domains', asked)),
    answered(api.GET('/organizations/{organizationId}/jit/roles', asked)),
  ]);
  return {
    domains: listed(
      domains.data.map(({ emailDomain }) => emailDomain),
      domains.headers,
    ),
    roles: listed(
      roles.data.map(({ id }) => id),
      roles.headers,
    ),
  };
}

/** Replaces one list if nobody has changed it since. Resolves with its new version. */
export async function replaceRoles(
  organizationId: string,
  organizationRoleIds: string[],
  etag: string,
): Promise<Listed> {
  const params = { path: { organizationId }, header: { 'If-Match': etag } };
  const body = { organizationRoleIds };
  const call = api.PUT('/organizations/{organizationId}/jit/roles', { params, body });
  return listed(organizationRoleIds, (await answered(call)).headers);
}

export async function replaceDomains(
  organizationId: string,
  emailDomains: string[],
  etag: string,
): Promise<Listed> {
  const params = { path: { organizationId }, header: { 'If-Match': etag } };
  const body = { emailDomains };
  const call = api.PUT('/organizations/{organizationId}/jit/email-domains', { params, body });
  return listed(emailDomains, (await answered(call)).headers);
}

function listed(items: string[], headers: Headers): Listed {
  return { items, etag: headers.get('etag') ?? '' };
}

import { queryOptions } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import { organizationQuery } from '../organizations/queries';
import type { Configuration, List, Listed } from './draft';

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
      return (await orThrow(api.POST('/organizations/{organizationId}/jit/preview', asked))).data;
    },
    enabled: email !== '',
    // An answer is asked for by typing an address, or when something is saved.
    refetchOnWindowFocus: false,
  });

export async function readConfiguration(
  organizationId: string,
  signal?: AbortSignal,
): Promise<Configuration> {
  const asked = { params: { path: { organizationId } }, ...(signal && { signal }) };
  const [domains, roles] = await Promise.all([
    orThrow(api.GET('/organizations/{organizationId}/jit/email-domains', asked)),
    orThrow(api.GET('/organizations/{organizationId}/jit/roles', asked)),
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

interface Replacement {
  path: { organizationId: string };
  header: { 'If-Match': string };
}

const REPLACE = {
  roles: (params: Replacement, organizationRoleIds: string[]) =>
    api.PUT('/organizations/{organizationId}/jit/roles', { params, body: { organizationRoleIds } }),
  domains: (params: Replacement, emailDomains: string[]) =>
    api.PUT('/organizations/{organizationId}/jit/email-domains', {
      params,
      body: { emailDomains },
    }),
} satisfies Record<List, unknown>;

/** Replaces a list if it still has this version. Resolves with the list and its new version. */
export async function replace(
  organizationId: string,
  list: List,
  { items, etag }: Listed,
): Promise<Listed> {
  const params = { path: { organizationId }, header: { 'If-Match': etag } };
  return listed(items, (await orThrow(REPLACE[list](params, items))).headers);
}

function listed(items: string[], headers: Headers): Listed {
  return { items, etag: headers.get('etag') ?? '' };
}

import { queryOptions } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import { membersKey, PAGE_SIZE } from '../members/queries';
import { isAddress } from '../members/search';
import { organizationQuery } from '../organizations/queries';
import { providerOf } from '../providers/settings';
import { type DraftBody, type Question, questionBody } from './admission';
import type { Configuration, List, Listed } from './draft';

/** An organization's current email domains and default roles, with their versions. */
export const configurationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...organizationQuery(organizationId).queryKey, 'provisioning'],
    queryFn: ({ signal }) => readConfiguration(organizationId, signal),
  });

/** Whether somebody would be admitted, as saved or by a draft. */
export const admissionQuery = (organizationId: string, question: Question, draft?: DraftBody) =>
  queryOptions({
    queryKey: [...configurationQuery(organizationId).queryKey, 'admission', question, draft],
    queryFn: async ({ signal }) => {
      const params = { path: { organizationId } };
      const body = { ...questionBody(question), ...(draft && { draft }) };
      const asked = { params, body, signal };
      return (await orThrow(api.POST('/organizations/{organizationId}/jit/preview', asked))).data;
    },
    enabled: question.email !== '',
    // An answer is asked for by typing an address, or when something is saved.
    refetchOnWindowFocus: false,
  });

/** Those who are members of an organization, and have proven an address, now or earlier. */
export const membersByAddressQuery = (organizationId: string, email: string) =>
  queryOptions({
    queryKey: [...membersKey(organizationId), 'by address', email],
    queryFn: async ({ signal }) => {
      const params = { path: { organizationId }, query: { email, page_size: PAGE_SIZE } };
      return (await orThrow(api.GET('/organizations/{organizationId}/users', { params, signal })))
        .data;
    },
    enabled: isAddress(email),
  });

export async function readConfiguration(
  organizationId: string,
  signal?: AbortSignal,
): Promise<Configuration> {
  const asked = { params: { path: { organizationId } }, ...(signal && { signal }) };
  const [domains, roles, providers] = await Promise.all([
    orThrow(api.GET('/organizations/{organizationId}/jit/email-domains', asked)),
    orThrow(api.GET('/organizations/{organizationId}/jit/roles', asked)),
    orThrow(api.GET('/organizations/{organizationId}/jit/sso-connectors', asked)),
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
    providers: {
      items: providers.data.map(providerOf),
      facts: providers.data,
      etag: providers.headers.get('etag') ?? '',
    },
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

/**
 * Makes a user a member by hand. Whoever was removed gets the roles from before, as far as these still
 * exist; another account with the same address gets the default roles.
 */
export async function putBack(organizationId: string, userId: string) {
  const params = { path: { organizationId } };
  const path = '/organizations/{organizationId}/jit/roles';
  const defaults = (await orThrow(api.GET(path, { params }))).data;
  const body = {
    userIds: [userId],
    organizationRoleIds: defaults.map(({ id }) => id),
    restoreRoles: true,
  };
  await orThrow(api.POST('/organizations/{organizationId}/users', { params, body }));
}

import { queryOptions, useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, orThrow } from '../api/client';
import type { CheckedEmailDomain, EmailDomain } from '../api/types';
import { PAGE_SIZE } from '../members/queries';
import { isAddress } from '../members/search';
import { organizationQuery } from '../organizations/queries';
import { providerOf } from '../providers/settings';
import { type DraftBody, type Question, questionBody } from './admission';
import type { SomeSettings } from './domainSettings';
import type { Configuration, DomainEdit, List, Listed } from './draft';

/** An organization's current email domains, default roles and identity providers, with their versions. */
export const configurationQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...organizationQuery(organizationId).queryKey, 'provisioning'],
    queryFn: ({ signal }) => readConfiguration(organizationId, signal),
  });

/** How many other organizations list the domains of one page of the list. */
const sharedDomainsQuery = (organizationId: string, page: number) =>
  queryOptions({
    queryKey: [...configurationQuery(organizationId).queryKey, 'shared', page],
    queryFn: async ({ signal }) => {
      const query = { showCounts: true, page, page_size: COUNTED_AT_ONCE };
      const params = { path: { organizationId }, query };
      const { data } = await orThrow(api.GET(DOMAINS, { params, signal }));
      return data.map(
        ({ emailDomain, otherOrganizationsCount = 0 }) =>
          [emailDomain, otherOrganizationsCount] as const,
      );
    },
  });

/** Each domain is a read of its own, so only those in view are counted. */
const COUNTED_AT_ONCE = 50;

/**
 * How many other organizations list some domains, by domain. The page shows without these counts.
 *
 * @param listed all domains that are stored, in the order of the API
 */
export function useSharedDomains(
  organizationId: string,
  listed: readonly string[],
  shown: readonly string[],
): Readonly<Record<string, number>> {
  const places = useMemo(() => new Map(listed.map((domain, place) => [domain, place])), [listed]);
  const pages = new Set(
    shown
      .map((domain) => places.get(domain))
      .filter((place) => place !== undefined)
      .map((place) => Math.floor(place / COUNTED_AT_ONCE) + 1),
  );
  return useQueries({
    queries: [...pages].map((page) => sharedDomainsQuery(organizationId, page)),
    combine: countsOfPages,
  });
}

const countsOfPages = (pages: { data: (readonly [string, number])[] | undefined }[]) =>
  Object.fromEntries(pages.flatMap(({ data = [] }) => data));

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
    queryKey: [...organizationQuery(organizationId).queryKey, 'members by address', email],
    queryFn: async ({ signal }) => {
      const params = { path: { organizationId }, query: { email, page_size: PAGE_SIZE } };
      return (await orThrow(api.GET('/organizations/{organizationId}/users', { params, signal })))
        .data;
    },
    enabled: isAddress(email),
  });

const DOMAINS = '/organizations/{organizationId}/jit/email-domains';
const DOMAIN = `${DOMAINS}/{emailDomain}` as const;

export async function readConfiguration(
  organizationId: string,
  signal?: AbortSignal,
): Promise<Configuration> {
  const asked = { params: { path: { organizationId } }, ...(signal && { signal }) };
  const [domains, roles, providers] = await Promise.all([
    orThrow(api.GET(DOMAINS, asked)),
    orThrow(api.GET('/organizations/{organizationId}/jit/roles', asked)),
    orThrow(api.GET('/organizations/{organizationId}/jit/sso-connectors', asked)),
  ]);
  return {
    rules: Object.fromEntries(domains.data.map((rule) => [rule.emailDomain, rule])),
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
    api.PUT(DOMAINS, { params, body: { emailDomains } }),
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

/** Lists a new domain with its settings. */
export async function addDomain(
  organizationId: string,
  emailDomain: string,
  edit: DomainEdit,
): Promise<EmailDomain> {
  const params = { path: { organizationId } };
  return (await orThrow(api.POST(DOMAINS, { params, body: { emailDomain, ...edit } }))).data;
}

/** Changes settings of a domain if its list still has this version. */
export async function changeSettings(
  organizationId: string,
  emailDomain: string,
  settings: SomeSettings,
  etag: string,
): Promise<{ rule: EmailDomain; etag: string }> {
  const params = { path: { organizationId, emailDomain }, header: { 'If-Match': etag } };
  const { data, headers } = await orThrow(api.PATCH(DOMAIN, { params, body: settings }));
  return { rule: data, etag: headers.get('etag') ?? '' };
}

/** Asks DNS now whether the organization has proven that it owns a domain. */
export async function verify(
  organizationId: string,
  emailDomain: string,
): Promise<CheckedEmailDomain> {
  const params = { path: { organizationId, emailDomain } };
  return (await orThrow(api.POST(`${DOMAIN}/verify`, { params }))).data;
}

/** Answers for it that the organization owns a domain. */
export async function vouch(organizationId: string, emailDomain: string) {
  const params = { path: { organizationId, emailDomain } };
  await orThrow(api.POST(`${DOMAIN}/vouch`, { params }));
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

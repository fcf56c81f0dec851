import { queryOptions } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import { type Ask, pagedQuery, withIds } from '../api/pages';
import type { Member, RemovedUser } from '../api/types';
import { organizationQuery } from '../organizations/queries';
import { type Filters, parametersOf } from './search';

/** How many members the API sends at a time; it allows no more. */
export const PAGE_SIZE = 100;

const keyOf = (organizationId: string) => organizationQuery(organizationId).queryKey;

/** The key that the keys of all lists of members begin with. */
export const membersKey = (organizationId: string) => [...keyOf(organizationId), 'members'];

/** An organization's members, newest first. With `q` only those with exactly this address or id. */
export const membersQuery = (organizationId: string, filters: Filters, q?: string) =>
  pagedQuery([...membersKey(organizationId), filters, q], askMembers(organizationId, filters, q));

export function askMembers(organizationId: string, filters: Filters = {}, q?: string): Ask<Member> {
  return (cursor, signal) => {
    const asked = { ...parametersOf(filters), ...(q && { q }), page_size: PAGE_SIZE, ...cursor };
    const params = { path: { organizationId }, query: asked };
    return api.GET('/organizations/{organizationId}/users', { params, signal });
  };
}

export const removedKey = (organizationId: string) => [...keyOf(organizationId), 'removed'];

/** Those whom somebody has removed from an organization or declined, the latest first. */
export const removedQuery = (organizationId: string) =>
  pagedQuery(removedKey(organizationId), askRemoved(organizationId));

export function askRemoved(organizationId: string): Ask<RemovedUser> {
  return (cursor, signal) => {
    const params = { path: { organizationId }, query: { page_size: PAGE_SIZE, ...cursor } };
    return withIds(api.GET('/organizations/{organizationId}/removed-users', { params, signal }));
  };
}

/** The roles that new members of an organization get. */
export const defaultRolesQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...keyOf(organizationId), 'roles of new members'],
    queryFn: async ({ signal }) => {
      const params = { path: { organizationId } };
      const asked = api.GET('/organizations/{organizationId}/jit/roles', { params, signal });
      return (await orThrow(asked)).data;
    },
  });

/** The email domains of an organization, by domain, each with its settings. */
export const domainsQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...keyOf(organizationId), 'rules', 'domains'],
    queryFn: async ({ signal }) => {
      const asked = { params: { path: { organizationId } }, signal };
      const path = '/organizations/{organizationId}/jit/email-domains';
      return (await orThrow(api.GET(path, asked))).data;
    },
  });

/** The identity providers of an organization, each with its settings. */
export const providersQuery = (organizationId: string) =>
  queryOptions({
    queryKey: [...keyOf(organizationId), 'rules', 'providers'],
    queryFn: async ({ signal }) => {
      const asked = { params: { path: { organizationId } }, signal };
      const path = '/organizations/{organizationId}/jit/sso-connectors';
      return (await orThrow(api.GET(path, asked))).data;
    },
  });

/** The members with exactly this id or address, as they are now. */
export async function membersNamed(organizationId: string, q: string): Promise<Member[]> {
  const params = { path: { organizationId }, query: { q, page_size: PAGE_SIZE } };
  return (await orThrow(api.GET('/organizations/{organizationId}/users', { params }))).data;
}

import { queryOptions } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import type { Role } from '../api/types';

/** All organization roles, in alphabetical order. */
export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => readRoles(signal),
});

export async function readRoles(signal?: AbortSignal): Promise<Role[]> {
  return (await orThrow(api.GET('/organization-roles', signal ? { signal } : {}))).data;
}

/** One role. The keys of everything that belongs to it begin with this key. */
export const roleQuery = (organizationRoleId: string) =>
  queryOptions({
    queryKey: ['role', organizationRoleId],
    queryFn: async ({ signal }) => {
      const asked = { params: { path: { organizationRoleId } }, signal };
      return (await orThrow(api.GET('/organization-roles/{organizationRoleId}', asked))).data;
    },
  });

/** What uses a role. */
export const usageQuery = (organizationRoleId: string) =>
  queryOptions({
    queryKey: [...roleQuery(organizationRoleId).queryKey, 'usage'],
    queryFn: async ({ signal }) => {
      const asked = { params: { path: { organizationRoleId } }, signal };
      return (await orThrow(api.GET('/organization-roles/{organizationRoleId}/usage', asked))).data;
    },
  });

export async function createRole(body: {
  name: string;
  description?: string | null;
}): Promise<Role> {
  return (await orThrow(api.POST('/organization-roles', { body }))).data;
}

import { queryOptions } from '@tanstack/react-query';
import { api, orThrow } from '../api/client';
import type { Role } from '../api/types';

/** All organization roles, in alphabetical order. */
export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: async ({ signal }) => (await orThrow(api.GET('/organization-roles', { signal }))).data,
});

export async function createRole(body: {
  name: string;
  description?: string | null;
}): Promise<Role> {
  return (await orThrow(api.POST('/organization-roles', { body }))).data;
}

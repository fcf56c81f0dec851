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

export async function createRole(body: {
  name: string;
  description?: string | null;
}): Promise<Role> {
  return (await orThrow(api.POST('/organization-roles', { body }))).data;
}

import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { answered, api } from '../api/client';

/** Every organization role, by name. */
export const rolesQuery = queryOptions({
  queryKey: ['roles'],
  queryFn: async ({ signal }) => (await answered(api.GET('/organization-roles', { signal }))).data,
});

/** Makes a role, which the list of roles then has. */
export function useCreateRole() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (body: { name: string; description?: string }) =>
      (await answered(api.POST('/organization-roles', { body }))).data,
    onSuccess: (role) => {
      queries.setQueryData(rolesQuery.queryKey, (roles) => roles && [...roles, role]);
      return queries.invalidateQueries(rolesQuery);
    },
  });
}

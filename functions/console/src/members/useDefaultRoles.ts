import { useQuery, useQueryClient } from '@tanstack/react-query';
import { defaultRolesQuery } from './queries';

/** The ids of an organization's default roles, once they are known, and a function that waits for them. */
export function useDefaultRoles(organizationId: string) {
  const queries = useQueryClient();
  const query = defaultRolesQuery(organizationId);
  const { data, error, refetch } = useQuery(query);
  return {
    ids: data?.map(({ id }) => id),
    error,
    retry: () => void refetch(),
    load: async () => (await queries.ensureQueryData(query)).map(({ id }) => id),
  };
}

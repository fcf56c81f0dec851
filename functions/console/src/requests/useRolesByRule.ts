import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { JoinRequest } from '../api/types';
import { defaultRolesQuery, domainsQuery, providersQuery } from '../members/queries';
import { grouped } from './rules';

/** Requests by their rules, each with the roles that the rule gives, once these are known. */
export function useRolesByRule(organizationId: string, requests: readonly JoinRequest[]) {
  const queries = useQueryClient();
  const domains = useQuery(domainsQuery(organizationId));
  const providers = useQuery(providersQuery(organizationId));
  const defaults = useQuery(defaultRolesQuery(organizationId));
  const groups =
    domains.data && providers.data && defaults.data
      ? grouped(requests, {
          domains: domains.data,
          providers: providers.data,
          defaultRoleIds: defaults.data.map(({ id }) => id),
        })
      : undefined;
  return {
    groups,
    error: domains.error ?? providers.error ?? defaults.error,
    retry: () => {
      for (const query of [domains, providers, defaults]) if (query.isError) void query.refetch();
    },
    /** Waits until they are known. */
    load: () =>
      Promise.all([
        queries.ensureQueryData(domainsQuery(organizationId)),
        queries.ensureQueryData(providersQuery(organizationId)),
        queries.ensureQueryData(defaultRolesQuery(organizationId)),
      ]),
  };
}

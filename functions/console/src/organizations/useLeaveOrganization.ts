import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { dropDrafts } from '../app/drafts';
import { organizationQuery } from './queries';

/** Leaves the pages of an organization that was deleted, and drops all that is kept of it here. */
export function useLeaveOrganization(organizationId: string) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    dropDrafts(organizationId);
    // The list is read afresh, so that it does not show the organization for a moment.
    queries.removeQueries({ queryKey: ['organizations'] });
    await navigate({ to: '/organizations', ignoreBlocker: true });
    queries.removeQueries(organizationQuery(organizationId));
  };
}

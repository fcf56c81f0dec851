import { api } from '../api/client';
import { pagedQuery } from '../api/pages';
import { organizationQuery } from '../organizations/queries';

/** An organization's members. */
export const membersQuery = (organizationId: string) =>
  pagedQuery([...organizationQuery(organizationId).queryKey, 'members'], (query, signal) => {
    const params = { path: { organizationId }, query };
    return api.GET('/organizations/{organizationId}/users', { params, signal });
  });

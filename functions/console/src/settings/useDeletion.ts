import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, orThrow } from '../api/client';
import type { Organization } from '../api/types';
import { dropDrafts } from '../app/drafts';
import { organizationQuery } from '../organizations/queries';
import { useLeaveOrganization } from '../organizations/useLeaveOrganization';
import { notify } from '../ui/notify';

/** The most requests in a row. Each deletes memberships for up to 15 seconds. */
export const MOST_REQUESTS = 20;

/** All requests have succeeded, and data is left. */
export class MuchIsLeft extends Error {}

/** Deletes an organization, and goes on while data of it is left. */
export function useDeletion({ id, name }: Organization) {
  const queries = useQueryClient();
  const leave = useLeaveOrganization(id);
  // The first request that succeeds deletes the organization itself.
  const [requests, setRequests] = useState(0);
  const mutationKey = ['deletion', id];
  const deletion = useMutation({
    mutationKey,
    mutationFn: async () => {
      for (let request = 0; request < MOST_REQUESTS; request++) {
        const seconds = await deleteOnce(id);
        dropDrafts(id);
        if (seconds === 0) return leave();
        setRequests((before) => before + 1);
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      }
      throw new MuchIsLeft();
    },
    onSuccess: () => notify(`The organization “${name}” is deleted.`),
    // The organization can be deleted although the answer was lost.
    onError: () => queries.invalidateQueries(organizationQuery(id)),
  });
  return {
    deletion,
    requests,
    leave,
    start: () => {
      // A second click can come before the first one is rendered.
      if (queries.isMutating({ mutationKey }) === 0) deletion.mutate();
    },
  };
}

/** Resolves with the seconds to wait before the next request; 0 if nothing is left to delete. */
async function deleteOnce(organizationId: string): Promise<number> {
  const params = { path: { organizationId } };
  const { headers } = await orThrow(api.DELETE('/organizations/{organizationId}', { params }));
  return Number(headers.get('retry-after')) || 0;
}

import { Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api, orThrow } from '../api/client';
import type { Organization } from '../api/types';
import { drafts } from '../app/drafts';
import { organizationQuery } from '../organizations/queries';
import { Confirm } from '../ui/Confirm';

/** The most requests for one organization. Each deletes memberships for up to 15 seconds. */
const MOST_REQUESTS = 20;

/** Deletes an organization, and goes on while items of it remain. */
async function deleteWhole(organizationId: string) {
  const params = { path: { organizationId } };
  for (let request = 0; request < MOST_REQUESTS; request++) {
    const { headers } = await orThrow(api.DELETE('/organizations/{organizationId}', { params }));
    const seconds = Number(headers.get('retry-after'));
    if (!seconds) return;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

interface Props {
  organization: Organization;
  onClose: () => void;
}

export function DeleteOrganization({ organization: { id, name }, onClose }: Props) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = async () => {
    await deleteWhole(id);
    drafts.value = new Map();
    await navigate({ to: '/organizations' });
    queries.removeQueries(organizationQuery(id));
    return `The organization “${name}” is deleted.`;
  };
  return (
    <Confirm
      title={`Delete “${name}”?`}
      act="Delete organization"
      onConfirm={remove}
      onClose={onClose}
    >
      <Text>
        All its members lose their membership at once, and nobody can join it any more. The id{' '}
        <strong>{id}</strong> can never be used again.
      </Text>
      <Text mt="sm">This cannot be undone.</Text>
    </Confirm>
  );
}

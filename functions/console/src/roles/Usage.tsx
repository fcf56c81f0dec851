import { Anchor, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { RoleUsage } from '../api/types';
import { counted } from '../organizations/counts';
import { Section } from '../ui/Card';
import { DataTable } from '../ui/DataTable';
import { Loaded } from '../ui/Loaded';
import { usageQuery } from './queries';
import { usageOf } from './usage';

type Row = RoleUsage['organizations'][number];

/** The organizations that give a role by default, and those in which members hold it. */
export function Usage({ of: organizationRoleId }: { of: string }) {
  const usage = useQuery(usageQuery(organizationRoleId));
  return (
    <Section title="Where it is used">
      <Loaded query={usage} of="what uses the role">
        {(found) => (
          <>
            <Text size="sm">{usageOf(found)}</Text>
            {found.organizations.length > 0 && (
              <DataTable
                label="Organizations that use this role"
                rows={found.organizations}
                columns={columnsOf(organizationRoleId)}
              />
            )}
            {found.organizations.length < found.organizationsCount && (
              <Text size="sm" c="dimmed">
                The first {found.organizations.length} of{' '}
                {counted(found.organizationsCount, 'organization')} are listed, by name.
              </Text>
            )}
          </>
        )}
      </Loaded>
    </Section>
  );
}

const columnsOf = (role: string) => ({
  Organization: ({ id, name }: Row) => (
    <Link to="/organizations/$organizationId" params={{ organizationId: id }}>
      {name}
    </Link>
  ),
  'Members with this role': ({ id, usersCount }: Row) =>
    usersCount > 0 ? (
      <Anchor
        inherit
        renderRoot={(props) => (
          <Link
            {...props}
            to="/organizations/$organizationId/members"
            params={{ organizationId: id }}
            search={{ role }}
          />
        )}
      >
        {counted(usersCount, 'member')}
      </Anchor>
    ) : (
      'None'
    ),
  'Default role': ({ isDefaultRole }: Row) =>
    isDefaultRole ? 'Given to new members' : 'Not given to new members',
});

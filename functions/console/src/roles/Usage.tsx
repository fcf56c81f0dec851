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

/** The organizations that give a role to new members, and those in which members hold it. */
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

/** How new members get the role: as a default role, and by the settings of a rule. */
const WAYS: Record<`${boolean}-${boolean}`, string> = {
  'true-true': 'By default, and by a domain or provider',
  'true-false': 'By default',
  'false-true': 'By a domain or provider',
  'false-false': 'No',
};

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
  'Given to new members': ({ isDefaultRole, isRuleRole }: Row) =>
    WAYS[`${isDefaultRole}-${isRuleRole}`],
});

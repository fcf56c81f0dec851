import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBuilding, IconPlus, IconSearch } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import type { ApiOrganization } from '../api/types';
import { HelpLink } from '../help/HelpLink';
import { AddressSearch } from '../ui/AddressSearch';
import { DataTable, Named } from '../ui/DataTable';
import { Id } from '../ui/Id';
import { Known } from '../ui/Known';
import { Loaded } from '../ui/Loaded';
import { Notice } from '../ui/Notice';
import { Page } from '../ui/Page';
import { dialogPart } from '../ui/part';
import { When } from '../ui/When';
import type { Counts } from './counts';
import { MembersCount } from './MembersCount';
import { organizationsQuery, useCountsOfList } from './queries';

const CreateOrganization = dialogPart(() =>
  import('./CreateOrganization').then((it) => it.CreateOrganization),
);

export function OrganizationsPage() {
  const { q = '' } = useSearch({ from: '/organizations' });
  const organizations = useInfiniteQuery({
    ...organizationsQuery(q),
    // An empty list of the previous search would say that this one finds nothing either.
    placeholderData: (previous) => (previous?.pages[0]?.items.length ? previous : undefined),
  });
  const columns = useColumns(q);
  const [creating, { open, close }] = useDisclosure();
  const create = (
    <Button leftSection={<IconPlus size={18} />} onClick={open}>
      Create organization
    </Button>
  );
  const empty = q ? (
    <Notice icon={IconSearch} title={`No organization found for “${q}”`}>
      The search compares the beginning of each name, and the whole ID.
    </Notice>
  ) : (
    <Notice icon={IconBuilding} title="Create your first organization" action={create}>
      Then list its email domains: users who sign up with an address in one of them become members.
    </Notice>
  );
  return (
    <Page
      title="Organizations"
      lead={
        <>
          Your customers. Each one admits members by email domain and gives them roles.{' '}
          <HelpLink to="security#who-is-trusted-with-what">Who is trusted with what</HelpLink>
        </>
      }
      actions={create}
    >
      <AddressSearch
        from="/organizations"
        label="Search organizations by the beginning of their name, or by their ID"
        placeholder="Beginning of a name, or an ID"
        searching={organizations.isPlaceholderData}
      />
      <Loaded query={organizations} of="organizations" empty={empty}>
        {(rows) => (
          <DataTable label="Organizations" rows={rows} columns={columns} pages={organizations} />
        )}
      </Loaded>
      {creating && <CreateOrganization onClose={close} />}
    </Page>
  );
}

function useColumns(q: string) {
  const { counts, isPending } = useCountsOfList(q);
  return useMemo(() => {
    const count = (id: string, of: (counts: Counts) => ReactNode) => (
      <Known data={counts.get(id)} isPending={isPending}>
        {of}
      </Known>
    );
    return {
      Name: ({ id, name, description }: ApiOrganization) => (
        <Named description={description ?? null}>
          <Link to="/organizations/$organizationId" params={{ organizationId: id }} title={name}>
            {name}
          </Link>
        </Named>
      ),
      Members: ({ id }: ApiOrganization) =>
        count(id, ({ usersCount }) => <MembersCount of={usersCount} />),
      Domains: ({ id }: ApiOrganization) =>
        count(id, ({ emailDomainsCount }) => emailDomainsCount.toLocaleString('en')),
      ID: ({ id }: ApiOrganization) => <Id>{id}</Id>,
      Created: ({ createdAt }: ApiOrganization) => <When at={createdAt} />,
    };
  }, [counts, isPending]);
}

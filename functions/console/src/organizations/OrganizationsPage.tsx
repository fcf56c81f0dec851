import { Button, CloseButton, Loader, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { IconBuilding, IconPlus, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { DataTable, Dim } from '../ui/DataTable';
import { Id } from '../ui/Id';
import { Loaded } from '../ui/Loaded';
import { Notice } from '../ui/Notice';
import { Page } from '../ui/Page';
import { When } from '../ui/When';
import { CreateOrganization } from './CreateOrganization';
import classes from './OrganizationsPage.module.css';
import { organizationsQuery } from './queries';

export function OrganizationsPage() {
  const { q = '' } = useSearch({ from: '/organizations' });
  const organizations = useInfiniteQuery({
    ...organizationsQuery(q),
    placeholderData: keepPreviousData,
  });
  const [creating, { open, close }] = useDisclosure();
  const create = (
    <Button leftSection={<IconPlus size={18} />} onClick={open}>
      Create organization
    </Button>
  );
  const empty = q ? (
    <Notice icon={IconSearch} title={`No organization found for “${q}”`}>
      The search compares the beginning of each name, and the whole id.
    </Notice>
  ) : (
    <Notice icon={IconBuilding} title="Create your first organization" action={create}>
      Then list its email domains: users who sign up with an address in one of them become members.
    </Notice>
  );
  return (
    <Page
      title="Organizations"
      lead="Your customers. Each one admits members by email domain and gives them roles."
      actions={create}
    >
      <Search searching={organizations.isPlaceholderData} />
      <Loaded query={organizations} of="organizations" empty={empty}>
        {(rows) => (
          <DataTable
            label="Organizations"
            rows={rows}
            columns={{
              Name: ({ id, name, description }) => (
                <>
                  <Link to="/organizations/$organizationId" params={{ organizationId: id }}>
                    {name}
                  </Link>
                  {description && <Dim>{description}</Dim>}
                </>
              ),
              Id: ({ id }) => <Id>{id}</Id>,
              Created: ({ createdAt }) => <When at={createdAt} />,
            }}
            pages={organizations}
          />
        )}
      </Loaded>
      {creating && <CreateOrganization onClose={close} />}
    </Page>
  );
}

/** Searches while the user types. The search text is part of the page's address. */
function Search({ searching }: { searching: boolean }) {
  const { q = '' } = useSearch({ from: '/organizations' });
  const navigate = useNavigate({ from: '/organizations' });
  const [text, setText] = useState(q);
  const show = (next: string) => void navigate({ search: next ? { q: next } : {}, replace: true });
  const showSoon = useDebouncedCallback(show, 200);
  const change = (next: string) => {
    setText(next);
    showSoon(next.trim());
  };
  return (
    <TextInput
      type="search"
      className={classes.search}
      aria-label="Search organizations by the beginning of their name, or by their id"
      placeholder="Beginning of a name, or an id"
      maxLength={128}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      leftSection={searching ? <Loader size={16} /> : <IconSearch size={18} stroke={1.75} />}
      rightSection={
        text && <CloseButton aria-label="Clear the search" onClick={() => change('')} />
      }
    />
  );
}

import { Button, CloseButton, Loader, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { IconBuilding, IconPlus, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Card } from '../ui/Card';
import { Empty } from '../ui/Empty';
import { ErrorState } from '../ui/ErrorState';
import { LoadingRows } from '../ui/LoadingRows';
import { Page } from '../ui/Page';
import { CreateOrganization } from './CreateOrganization';
import classes from './OrganizationsPage.module.css';
import { OrganizationsTable } from './OrganizationsTable';
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
  const found = organizations.data?.pages.flatMap((page) => page.organizations);
  return (
    <Page
      title="Organizations"
      lead="Your customers. Each decides by email domain who gets in, and with which roles."
      actions={create}
    >
      <Search searching={organizations.isPlaceholderData} />
      <Card>
        {organizations.isPending && <LoadingRows of="organizations" />}
        {organizations.isError && !found && (
          <ErrorState error={organizations.error} onRetry={() => void organizations.refetch()} />
        )}
        {found?.length === 0 && q && (
          <Empty icon={IconSearch} title={`No name begins with “${q}”`}>
            The search looks at how names begin, not at what they contain.
          </Empty>
        )}
        {found?.length === 0 && !q && (
          <Empty icon={IconBuilding} title="Create your first organization" action={create}>
            Then list its email domains: whoever signs up with an address in one of them becomes a
            member.
          </Empty>
        )}
        {found && found.length > 0 && (
          <OrganizationsTable organizations={found} pages={organizations} />
        )}
      </Card>
      {creating && <CreateOrganization onClose={close} />}
    </Page>
  );
}

/** Searches as one types; the address of the page says for what. */
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
      aria-label="Search organizations by the beginning of their name"
      placeholder="Search by the beginning of a name"
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

import { Button, CloseButton, Select, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { rolesQuery } from '../roles/queries';
import links from '../ui/links.module.css';
import { AddMembers } from './AddMembers';
import { fittingOptions } from './filterOptions';
import { GiveDefaultRoles } from './GiveDefaultRoles';
import classes from './Members.module.css';
import { domainsQuery, providersQuery } from './queries';
import { type Filters, isDomain, joinedByProvider, providerIn, WAYS } from './search';

interface Props {
  organizationId: string;
  text: string;
  onText: (text: string) => void;
  /** The text is complete. */
  onLeave: () => void;
  filters: Filters;
  onFilters: (filters: Filters) => void;
}

/** Finds and filters members. */
export function MembersToolbar({
  organizationId,
  text,
  onText,
  onLeave,
  filters,
  onFilters,
}: Props) {
  return (
    <div className={classes.toolbar}>
      <TextInput
        type="search"
        className={classes.find}
        aria-label="Find members"
        placeholder="Address, user name or user ID"
        maxLength={320}
        value={text}
        onChange={(event) => onText(event.currentTarget.value)}
        onKeyDown={({ key }) => {
          if (key === 'Enter' || key === 'Tab') onLeave();
        }}
        leftSection={<IconSearch size={18} stroke={1.75} />}
        rightSection={
          text && <CloseButton aria-label="Clear the search" onClick={() => onText('')} />
        }
      />
      <RoleFilter filters={filters} onFilters={onFilters} />
      <JoinedFilter organizationId={organizationId} filters={filters} onFilters={onFilters} />
    </div>
  );
}

/** Mantine hides the button from the keyboard and from screen readers. */
const clearButton = (label: string) => ({
  'aria-label': label,
  'aria-hidden': false,
  tabIndex: 0,
});

type FilterProps = Pick<Props, 'filters' | 'onFilters'>;

/** Only those who hold a role. */
function RoleFilter({ filters: { role, ...others }, onFilters }: FilterProps) {
  const { data: roles = [] } = useQuery(rolesQuery);
  const options = roles.map(({ id, name }) => ({ value: id, label: name }));
  const isKnown = !role || roles.some(({ id }) => id === role);
  return (
    <Select
      className={classes.filter}
      aria-label="Role"
      placeholder="Any role"
      clearable
      clearButtonProps={clearButton('Any role')}
      searchable
      filter={fittingOptions}
      nothingFoundMessage="No role has this name"
      data={isKnown ? options : [...options, { value: role, label: role }]}
      value={role ?? null}
      onChange={(next) => onFilters({ ...others, ...(next && { role: next }) })}
    />
  );
}

/** Only those who joined in one way. */
function JoinedFilter({
  organizationId,
  filters: { joined, ...others },
  onFilters,
}: FilterProps & { organizationId: string }) {
  const { data: domains = [] } = useQuery(domainsQuery(organizationId));
  const { data: providers = [] } = useQuery(providersQuery(organizationId));
  return (
    <Select
      className={classes.filter}
      aria-label="How they joined"
      placeholder="Any way of joining"
      clearable
      clearButtonProps={clearButton('Any way of joining')}
      searchable
      filter={fittingOptions}
      nothingFoundMessage="No listed domain or provider has this name"
      data={[
        {
          group: 'How they joined',
          items: Object.entries(WAYS).map(([value, label]) => ({ value, label })),
        },
        {
          group: 'Email domain',
          items: withOther(
            domains.map(({ emailDomain }) => emailDomain),
            isDomain(joined ?? '') && joined,
          ),
        },
        {
          group: 'Identity provider',
          items: withOther(
            providers.map(({ id }) => id),
            providerIn(joined ?? ''),
          ).map((id) => ({ value: joinedByProvider(id), label: id })),
        },
      ]}
      value={joined ?? null}
      onChange={(next) => onFilters({ ...others, ...(next && { joined: next }) })}
    />
  );
}

/** The listed names, and before them one that is filtered by, although it is not listed any more. */
function withOther(listed: string[], other: string | false | undefined): string[] {
  return other && !listed.includes(other) ? [other, ...listed] : listed;
}

/** What concerns more than the members shown. */
export const MembersActs = memo(({ organizationId }: { organizationId: string }) => {
  const [adding, add] = useDisclosure();
  const [giving, give] = useDisclosure();
  return (
    <div className={classes.buttons}>
      <Link
        to="/organizations/$organizationId/members/removed"
        params={{ organizationId }}
        className={links.pill}
      >
        Removed members
      </Link>
      <Button variant="default" onClick={give.open}>
        Give default roles
      </Button>
      <Button leftSection={<IconPlus size={18} />} onClick={add.open}>
        Add members
      </Button>
      {adding && <AddMembers organizationId={organizationId} onClose={add.close} />}
      {giving && <GiveDefaultRoles organizationId={organizationId} onClose={give.close} />}
    </div>
  );
});

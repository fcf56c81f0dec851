import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import type { ApiOrganization, Role } from '../api/types';
import { Answer, type Asked, Part } from './Part';
import { useResult } from './result';
import classes from './Search.module.css';

interface Organizations {
  organizations: ApiOrganization[];
  more: boolean;
}

export function OrganizationsPart({ text, query }: { text: string; query: Asked<Organizations> }) {
  const result = useResult();
  return (
    <Part title="Organizations">
      <Answer query={query}>
        {({ organizations, more }) => (
          <ul className={classes.list}>
            {organizations.map(({ id, name }) => (
              <li key={id}>
                <Link
                  to="/organizations/$organizationId"
                  params={{ organizationId: id }}
                  {...result}
                >
                  <span>{name}</span>
                  <code>{id}</code>
                </Link>
              </li>
            ))}
            {more && (
              <li>
                <Link to="/organizations" search={{ q: text }} {...result}>
                  Show all organizations that begin like this
                </Link>
              </li>
            )}
          </ul>
        )}
      </Answer>
    </Part>
  );
}

const MOST_ROLES = 5;

export function RolesPart({ query }: { query: Asked<Role[]> }) {
  const result = useResult();
  const [all, { open }] = useDisclosure();
  return (
    <Part title="Roles">
      <Answer query={query}>
        {(roles) => (
          <ul className={classes.list}>
            {roles.slice(0, all ? undefined : MOST_ROLES).map(({ id, name }) => (
              <li key={id}>
                <Link
                  to="/roles/$organizationRoleId"
                  params={{ organizationRoleId: id }}
                  {...result}
                >
                  <span>{name}</span>
                  <code>{id}</code>
                </Link>
              </li>
            ))}
            {!all && roles.length > MOST_ROLES && (
              <li>
                <Button variant="subtle" size="compact-sm" onClick={open}>
                  Show all {roles.length} roles
                </Button>
              </li>
            )}
          </ul>
        )}
      </Answer>
    </Part>
  );
}

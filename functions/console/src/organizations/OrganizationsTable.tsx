import { Link } from '@tanstack/react-router';
import type { ComponentProps } from 'react';
import type { Organization } from '../api/types';
import { Id } from '../ui/Id';
import classes from '../ui/list.module.css';
import { ShowMore } from '../ui/ShowMore';
import { When } from '../ui/When';

interface Props {
  organizations: readonly Organization[];
  pages: ComponentProps<typeof ShowMore>['pages'];
}

export function OrganizationsTable({ organizations, pages }: Props) {
  return (
    <>
      <table className={classes.table} aria-label="Organizations">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Id</th>
            <th scope="col">Created</th>
          </tr>
        </thead>
        <tbody>
          {organizations.map(({ id, name, description, createdAt }) => (
            <tr key={id}>
              <td>
                <Link
                  to="/organizations/$organizationId"
                  params={{ organizationId: id }}
                  className={classes.main}
                >
                  {name}
                </Link>
                {description && <div className={classes.dim}>{description}</div>}
              </td>
              <td>
                <Id>{id}</Id>
              </td>
              <td className={classes.dim}>
                <When at={createdAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ShowMore pages={pages} />
    </>
  );
}

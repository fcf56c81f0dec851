import { Pill, VisuallyHidden } from '@mantine/core';
import type { Member } from '../api/types';
import { Dim } from '../ui/DataTable';
import classes from './Members.module.css';

const MOST_SHOWN = 2;

/** The roles of a member, in one line. */
export function Roles({
  of: { organizationRoles: roles },
}: {
  of: Pick<Member, 'organizationRoles'>;
}) {
  if (roles.length === 0) return <Dim>No roles</Dim>;
  const names = roles.map(({ name }) => name).join(', ');
  const more = roles.slice(MOST_SHOWN);
  return (
    <span className={classes.roles} title={names}>
      {roles.slice(0, MOST_SHOWN).map(({ id, name }) => (
        <Pill key={id} className={classes.role} classNames={{ label: classes.label }}>
          {name}
        </Pill>
      ))}
      {more.length > 0 && (
        <>
          <span aria-hidden className={classes.more}>
            +{more.length}
          </span>
          <VisuallyHidden>{more.map(({ name }) => name).join(', ')}</VisuallyHidden>
        </>
      )}
    </span>
  );
}

import { VisuallyHidden } from '@mantine/core';
import { useRequestsCount } from './queries';
import classes from './Requests.module.css';

/** How many ask to join, beside the name of their tab: as many as are loaded, and whether there are more. */
export function RequestsCount({ organizationId }: { organizationId: string }) {
  const count = useRequestsCount(organizationId);
  if (!count || count.loaded === 0) return null;
  const shown = count.loaded.toLocaleString('en');
  return (
    <>
      {' '}
      <span className={classes.count} aria-hidden>
        {shown}
        {count.more && '+'}
      </span>
      <VisuallyHidden>{count.more ? `${shown} or more` : shown}</VisuallyHidden>
    </>
  );
}

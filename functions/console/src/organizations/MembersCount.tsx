import { VisuallyHidden } from '@mantine/core';
import { membersCount } from './counts';

/** A number of members, which the API counts up to 1,000. */
export function MembersCount({ of: usersCount }: { of: number }) {
  const { shown, spoken } = membersCount(usersCount);
  if (!spoken) return shown;
  return (
    <>
      <span aria-hidden>{shown}</span>
      <VisuallyHidden>{spoken}</VisuallyHidden>
    </>
  );
}

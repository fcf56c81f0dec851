import { useQuery } from '@tanstack/react-query';
import type { Organization } from '../api/types';
import { Fact, Facts } from '../ui/Facts';
import { Id } from '../ui/Id';
import { Known } from '../ui/Known';
import { When } from '../ui/When';
import { MembersCount } from './MembersCount';
import { countsQuery, defaultRoleNamesQuery } from './queries';

/** What an organization is, in a line. */
export function Overview({ of: { id, createdAt } }: { of: Organization }) {
  const counts = useQuery(countsQuery(id));
  const roles = useQuery(defaultRoleNamesQuery(id));
  return (
    <Facts>
      <Fact term="ID">
        <Id>{id}</Id>
      </Fact>
      <Fact term="Members">
        <Known {...counts}>{({ usersCount }) => <MembersCount of={usersCount} />}</Known>
      </Fact>
      <Fact term="Email domains">
        <Known {...counts}>
          {({ emailDomainsCount }) => emailDomainsCount.toLocaleString('en')}
        </Known>
      </Fact>
      <Fact term="Default roles">
        <Known {...roles}>{shortened}</Known>
      </Fact>
      <Fact term="Created">
        <When at={createdAt} />
      </Fact>
    </Facts>
  );
}

const MOST_NAMES = 2;

/** The first names of a list, and how many follow. */
function shortened(names: string[]): string {
  if (names.length === 0) return 'None';
  const shown = names.slice(0, MOST_NAMES).join(', ');
  const others = names.length - MOST_NAMES;
  return others > 0 ? `${shown} and ${others} more` : shown;
}

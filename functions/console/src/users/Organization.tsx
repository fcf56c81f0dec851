import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { organizationQuery } from '../organizations/queries';

/** The name of an organization, which leads to it; its ID until the name is known, or if it was deleted. */
export function Organization({ id }: { id: string }) {
  const { data } = useQuery(organizationQuery(id));
  return (
    <Link to="/organizations/$organizationId" params={{ organizationId: id }}>
      {data?.name ?? id}
    </Link>
  );
}

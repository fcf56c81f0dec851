import { Link } from '@tanstack/react-router';
import { nameOf, type Person } from '../members/provenance';

/** The name of a user in a list, which leads to the user's page. It is shortened where there is little room. */
export function PersonLink({ of: person }: { of: Person }) {
  const name = nameOf(person);
  return (
    <span title={name}>
      <Link to="/users/$userId" params={{ userId: person.id }}>
        {name}
      </Link>
    </span>
  );
}

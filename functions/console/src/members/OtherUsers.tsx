import { Text } from '@mantine/core';
import { nameOf, type Person } from './provenance';

interface Props {
  /** What happens to them. */
  heading: string;
  /** What the list is called. */
  label: string;
  users: readonly Person[];
  className: string | undefined;
}

/** Those whom an act also concerns although nobody has selected them; nothing if there are none. */
export function OtherUsers({ heading, label, users, className }: Props) {
  if (users.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>
        {heading}
      </Text>
      <ul className={className} aria-label={label}>
        {users.map((user) => (
          <li key={user.id}>{`${nameOf(user)} (${user.id})`}</li>
        ))}
      </ul>
    </div>
  );
}

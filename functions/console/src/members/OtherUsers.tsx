import { Text } from '@mantine/core';
import { nameOf, type Person } from './provenance';

interface Props {
  /** What they have, such as `account`. */
  unit: string;
  /** What happens to it, such as `removed`. */
  done: string;
  users: readonly Person[];
  className: string | undefined;
}

/** Those whom an act also concerns although nobody has selected them; nothing if there are none. */
export function OtherUsers({ unit, done, users, className }: Props) {
  if (users.length === 0) return null;
  const heading =
    users.length === 1
      ? `Another ${unit} with the same address is ${done} too:`
      : `${users.length} other ${unit}s with the same addresses are ${done} too:`;
  return (
    <div>
      <Text size="sm" fw={600}>
        {heading}
      </Text>
      <ul className={className} aria-label={`Other ${unit}s`}>
        {users.map((user) => (
          <li key={user.id}>{`${nameOf(user)} (${user.id})`}</li>
        ))}
      </ul>
    </div>
  );
}

import { type MantineColor, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { PropsWithChildren, ReactNode } from 'react';

interface Props {
  icon: Icon;
  title: string;
  color?: MantineColor;
  role?: 'alert';
  /** The button for what can be done about it. */
  action?: ReactNode;
}

/** Takes the place of something that cannot be shown, and explains why. */
export function Notice({
  icon: Icon,
  title,
  color = 'indigo',
  role,
  action,
  children,
}: PropsWithChildren<Props>) {
  return (
    <Stack
      align="center"
      gap="sm"
      px="lg"
      py={48}
      ta="center"
      role={role}
      style={{ overflowWrap: 'anywhere' }}
    >
      <ThemeIcon variant="light" color={color} size={48} radius="xl" aria-hidden>
        <Icon size={24} stroke={1.75} />
      </ThemeIcon>
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text c="dimmed" size="sm" maw="28rem">
        {children}
      </Text>
      {action}
    </Stack>
  );
}

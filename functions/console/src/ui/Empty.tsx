import { Text, ThemeIcon, Title } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { PropsWithChildren, ReactNode } from 'react';
import classes from './Notice.module.css';

interface Props {
  icon: Icon;
  title: string;
  action?: ReactNode;
}

/** What stands where a list has nothing to show: why, and what to do first. */
export function Empty({ icon: Icon, title, action, children }: PropsWithChildren<Props>) {
  return (
    <div className={classes.notice}>
      <ThemeIcon variant="light" size={48} radius="xl" aria-hidden>
        <Icon size={24} stroke={1.75} />
      </ThemeIcon>
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text c="dimmed" size="sm" maw="28rem">
        {children}
      </Text>
      {action}
    </div>
  );
}

import { Button, Text, ThemeIcon, Title } from '@mantine/core';
import { IconCloudOff } from '@tabler/icons-react';
import { told } from '../api/problem';
import classes from './Notice.module.css';

/** What stands where something could not be loaded. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { title, detail } = told(error);
  return (
    <div className={classes.notice} role="alert">
      <ThemeIcon variant="light" color="red" size={48} radius="xl" aria-hidden>
        <IconCloudOff size={24} stroke={1.75} />
      </ThemeIcon>
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text c="dimmed" size="sm" maw="28rem">
        {detail}
      </Text>
      <Button variant="default" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}

import { Button, Skeleton, Stack, Text, Title } from '@mantine/core';
import { type PropsWithChildren, type ReactNode, useId } from 'react';
import { ProblemAlert } from '../ui/ProblemAlert';
import classes from './Search.module.css';

/** What a part of the results needs to know of its query. */
export interface Asked<Data> {
  data: Data | undefined;
  error: unknown;
  isFetching: boolean;
  refetch: () => unknown;
}

/** A part of the results, with a heading. */
export function Part({ title, children }: PropsWithChildren<{ title: string }>) {
  const id = useId();
  return (
    <section className={classes.part} aria-labelledby={id}>
      <Title order={3} size="h6" id={id}>
        {title}
      </Title>
      {children}
    </section>
  );
}

interface AnswerProps<Data> {
  query: Asked<Data>;
  children: (data: Data) => ReactNode;
}

/** The data of a query; before that, that it is loading, or why it failed. */
export function Answer<Data>({ query, children }: AnswerProps<Data>) {
  const { data, error, isFetching, refetch } = query;
  if (data !== undefined) return children(data);
  if (!error) return <Skeleton height={20} width="70%" />;
  return (
    <Stack gap="xs" align="flex-start">
      <ProblemAlert error={error} />
      <Button
        variant="default"
        size="compact-sm"
        loading={isFetching}
        onClick={() => void refetch()}
      >
        Try again
      </Button>
    </Stack>
  );
}

/** What is said instead of results. */
export function Nothing({ children }: PropsWithChildren) {
  return (
    <Text size="sm" c="dimmed">
      {children}
    </Text>
  );
}

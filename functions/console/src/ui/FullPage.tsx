import { Stack, Title } from '@mantine/core';
import type { PropsWithChildren } from 'react';
import icon from '../app/icon.svg';
import card from './Card.module.css';
import classes from './FullPage.module.css';

/** A page without navigation. */
export function FullPage({ title, children }: PropsWithChildren<{ title: string }>) {
  return (
    <main className={classes.page}>
      <title>{`${title} · Usher`}</title>
      <Stack className={`${card.card} ${classes.card}`} align="flex-start" gap="md">
        <img src={icon} alt="Usher" width={40} height={40} />
        <Title order={1} size="h3">
          {title}
        </Title>
        {children}
      </Stack>
    </main>
  );
}

import { Stack, Title } from '@mantine/core';
import { type PropsWithChildren, useEffect, useRef } from 'react';
import icon from '../app/icon.svg';
import card from './Card.module.css';
import classes from './FullPage.module.css';

/** A page without navigation. It takes the place of everything, so its heading takes the focus. */
export function FullPage({ title, children }: PropsWithChildren<{ title: string }>) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <main className={classes.page}>
      <title>{`${title} · Usher`}</title>
      <Stack className={`${card.card} ${classes.card}`} align="flex-start" gap="md">
        <img src={icon} alt="Usher" width={40} height={40} />
        <Title order={1} size="h3" ref={heading} tabIndex={-1}>
          {title}
        </Title>
        {children}
      </Stack>
    </main>
  );
}

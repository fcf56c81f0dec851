import { Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useId } from 'react';
import { Page } from '../ui/Page';
import { GROUPS, titleOf } from './documents';
import classes from './HelpPage.module.css';

/** The list of documents. */
export function HelpPage() {
  return (
    <Page
      title="Help"
      lead="The documents of this version of Usher. They open without a connection to the internet."
    >
      {GROUPS.map(({ title, about }) => (
        <Group key={title} title={title} about={about} />
      ))}
    </Page>
  );
}

function Group({ title, about }: (typeof GROUPS)[number]) {
  const id = useId();
  return (
    <section className={classes.group} aria-labelledby={id}>
      <Title order={2} size="h4" id={id}>
        {title}
      </Title>
      <ul className={classes.list}>
        {Object.entries(about).map(([name, text]) => (
          <li key={name}>
            <Link to="/help/$document" params={{ document: name }}>
              {titleOf(name)}
            </Link>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

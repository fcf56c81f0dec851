import { Button, CopyButton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { UserClaims } from '../api/types';
import { HelpLink } from '../help/HelpLink';
import { Section } from '../ui/Card';
import { Loaded } from '../ui/Loaded';
import { Organization } from './Organization';
import classes from './UserPage.module.css';

const TOKENS: Record<UserClaims['in'], string> = {
  both: 'In the ID token and the access token.',
  access: 'In the access token.',
  id: 'In the ID token.',
};

/** What the user's next token would say. */
export function Claims({ query }: { query: UseQueryResult<UserClaims | null> }) {
  return (
    <Section
      title="The next token"
      lead={
        <>
          The claims that the application would read if the user signed in now.{' '}
          <HelpLink to="tokens">What a token says</HelpLink>
        </>
      }
    >
      <Loaded query={query} of="the claims" shape="form">
        {(known) =>
          known ? (
            <Known of={known} />
          ) : (
            <p className={classes.text}>There is no user who could get a token.</p>
          )
        }
      </Loaded>
    </Section>
  );
}

function Known({ of: known }: { of: UserClaims }) {
  const text = JSON.stringify(known.claims, null, 2);
  return (
    <>
      <p className={classes.text}>{TOKENS[known.in]}</p>
      {!known.provisioned && (
        <p className={classes.text}>
          Whether the user would join other organizations by this token is not known. These are the
          claims for what the user has now.
        </p>
      )}
      <Ids text="By this token the user would join:" ids={known.joins} />
      <Ids text="By this token the user would ask to join:" ids={known.asksToJoin} />
      <section
        className={classes.claims}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled with the keys too.
        tabIndex={0}
        aria-label="Claims of the next token"
      >
        {text}
      </section>
      <div>
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-md" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy the claims'}
            </Button>
          )}
        </CopyButton>
      </div>
    </>
  );
}

function Ids({ text, ids }: { text: string; ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <div className={classes.text}>
      {text}
      <ul>
        {ids.map((id) => (
          <li key={id}>
            <Organization id={id} />
          </li>
        ))}
      </ul>
    </div>
  );
}

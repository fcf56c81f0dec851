import { Alert, Autocomplete, Loader, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { OrganizationPreview } from '../api/types';
import { Section } from '../ui/Card';
import { ProblemAlert } from '../ui/ProblemAlert';
import classes from './Admission.module.css';
import {
  type DraftBody,
  draftBody,
  isSameAnswer,
  type Question,
  refusedParts,
  withNewRoles,
} from './admission';
import { type Draft, isUnsaved } from './draft';
import { admissionQuery } from './queries';
import { Removal, Standing } from './Standing';
import { Verdict } from './Verdict';

interface Props {
  organizationId: string;
  draft: Draft;
}

const NOTHING: Question = { email: '', identityProvider: '', existingUser: false };

/** How long nothing has to change before a question is asked, in milliseconds. */
const PAUSE = 250;

/** Tells whether somebody would be admitted, with which roles, and if not, why. */
export function Admission({ organizationId, draft }: Props) {
  const [typed, setTyped] = useState(NOTHING);
  const question = {
    ...typed,
    email: typed.email.trim(),
    identityProvider: typed.identityProvider.trim(),
  };
  const change = (changes: Partial<Question>) => setTyped({ ...typed, ...changes });
  return (
    <Section
      title="Who would be admitted?"
      lead="Try an address. The answer is for a user with this address, as saved and with your unsaved changes. Nothing is changed."
    >
      <TextInput
        // Not of the type `email`, where browsers replace the domain by its ASCII form.
        inputMode="email"
        className={classes.field}
        label="Email address"
        aria-label="An email address to try"
        placeholder="jane@acme.com"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        value={typed.email}
        onChange={(event) => change({ email: event.currentTarget.value })}
      />
      <Autocomplete
        className={classes.field}
        label="Identity provider"
        description="Leave it empty for users who sign in at the user pool itself."
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        data={[
          ...new Set([...draft.base.providers.items, ...draft.mine.providers].map(({ id }) => id)),
        ]}
        value={typed.identityProvider}
        onChange={(identityProvider) => change({ identityProvider })}
      />
      <SegmentedControl
        className={classes.users}
        aria-label="User"
        data={[
          { value: 'new', label: 'New user' },
          { value: 'existing', label: 'Existing user' },
        ]}
        value={typed.existingUser ? 'existing' : 'new'}
        onChange={(value) => change({ existingUser: value === 'existing' })}
      />
      <Answers organizationId={organizationId} question={question} draft={draft} />
    </Section>
  );
}

interface AnswersProps extends Props {
  question: Question;
}

/** The answers to a question, and never those to another one or about another draft. */
function Answers({ organizationId, question, draft }: AnswersProps) {
  const { now, asked } = useAsked(question, draft);
  const saved = useQuery(admissionQuery(organizationId, asked.question));
  const drafted = useQuery({
    ...admissionQuery(organizationId, asked.question, asked.unsaved),
    ...(!asked.unsaved && { enabled: false }),
  });
  if (question.email === '') return null;
  if (now !== asked || saved.isFetching || drafted.isFetching) return <Checking />;
  if (saved.error) return <ProblemAlert error={saved.error} />;
  if (!saved.data) return <Checking />;
  const after = asked.unsaved && drafted.data && withNewRoles(drafted.data, draft);
  return (
    <>
      <Standing organizationId={organizationId} email={question.email} />
      <div role="status" className={classes.answers}>
        <Both
          saved={saved.data}
          after={after}
          organizationId={organizationId}
          email={question.email}
        />
      </div>
      {asked.unsaved && drafted.error && <NotChecked error={drafted.error} draft={draft} />}
    </>
  );
}

/** What is asked now, and what was asked last. Both are the same object while nothing has changed. */
function useAsked(question: Question, draft: Draft) {
  const unsaved = isUnsaved(draft) ? draftBody(draft) : undefined;
  const text = JSON.stringify({ question, unsaved });
  const now = useMemo(
    () => JSON.parse(text) as { question: Question; unsaved?: DraftBody },
    [text],
  );
  const [asked] = useDebouncedValue(now, PAUSE);
  return { now, asked };
}

interface BothProps {
  saved: OrganizationPreview;
  /** The answer with the unsaved changes; nothing without any. */
  after: OrganizationPreview | undefined;
  organizationId: string;
  email: string;
}

/** The answer as saved, and that with the unsaved changes if it says something else. */
function Both({ saved, after, ...who }: BothProps) {
  const isSame = after && isSameAnswer(saved, after);
  const about = isSame ? 'As saved, and with your unsaved changes' : 'As saved';
  return (
    <>
      <Verdict of={saved} about={after && about}>
        <Removal preview={saved} {...who} />
      </Verdict>
      {after && !isSame && (
        <Verdict of={after} about="With your unsaved changes">
          <Removal preview={after} {...who} />
        </Verdict>
      )}
    </>
  );
}

function Checking() {
  return (
    <div role="status">
      <div className={classes.decision}>
        <Loader size={22} className={classes.icon} aria-hidden />
        <div className={classes.text}>Checking this address</div>
      </div>
    </div>
  );
}

/** Says that the API has not checked the draft, and why. */
function NotChecked({ error, draft }: { error: unknown; draft: Draft }) {
  const reasons = refusedParts(error, draft);
  if (reasons.length === 0) return <ProblemAlert error={error} />;
  const others = reasons.length - MOST_REASONS;
  return (
    <Alert
      color="orange"
      role="alert"
      icon={<IconAlertTriangle aria-hidden />}
      title="Your unsaved changes cannot be checked"
    >
      <ul>
        {reasons.slice(0, MOST_REASONS).map(({ name, detail }) => (
          <li key={`${name} ${detail}`}>
            {name !== undefined && (
              <>
                <strong>{name}</strong>
                {': '}
              </>
            )}
            {detail}
          </li>
        ))}
      </ul>
      {others > 0 && <p>{`And ${others} more.`}</p>}
    </Alert>
  );
}

const MOST_REASONS = 3;

import { Loader, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type Icon, IconCheck, IconUserCheck, IconUserOff, IconX } from '@tabler/icons-react';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type OrganizationPreview, unhandled } from '../api/types';
import { refusalOf } from '../api/words';
import { Section } from '../ui/Card';
import { ProblemAlert } from '../ui/ProblemAlert';
import classes from './Admission.module.css';
import { admissionQuery } from './queries';

interface Props {
  organizationId: string;
  /** Whether there are unsaved changes, which the answer ignores. */
  dirty: boolean;
}

/** Tells whether an address would be admitted, with which roles, and if not, why. */
export function Admission({ organizationId, dirty }: Props) {
  const [text, setText] = useState('');
  const typed = text.trim();
  const [email] = useDebouncedValue(typed, 250);
  const admission = useQuery(admissionQuery(organizationId, email));
  return (
    <Section
      title="Who would be admitted?"
      lead={
        dirty
          ? 'Try an address. The answer is for a new user. It ignores your unsaved changes.'
          : 'Try an address. The answer is for a new user whose address is verified. Nothing is changed.'
      }
    >
      <TextInput
        // Not of the type `email`, where browsers replace the domain by its ASCII form.
        inputMode="email"
        className={classes.field}
        aria-label="An email address to try"
        placeholder="jane@acme.com"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Answer email={typed} asked={email} admission={admission} />
    </Section>
  );
}

interface AnswerProps {
  /** The address that is typed. */
  email: string;
  /** The address that `admission` is about. */
  asked: string;
  admission: UseQueryResult<OrganizationPreview>;
}

/** The answer for the address that is typed, and never that for another one. */
function Answer({ email, asked, admission }: AnswerProps) {
  if (email === '') return null;
  const isAwaited = email !== asked || admission.isFetching;
  if (!isAwaited && admission.error) return <ProblemAlert error={admission.error} />;
  return (
    <div role="status">
      {isAwaited || !admission.data ? (
        <div className={classes.decision}>
          <Loader size={22} className={classes.icon} aria-hidden />
          <div className={classes.text}>Checking this address</div>
        </div>
      ) : (
        <Decision of={admission.data} />
      )}
    </div>
  );
}

/** How each decision is shown. */
const DECISIONS: Record<OrganizationPreview['decision'], { icon: Icon; title: string }> = {
  join: { icon: IconUserCheck, title: 'Becomes a member' },
  refuse: { icon: IconUserOff, title: 'Is not admitted' },
};

const CHECKS: Record<OrganizationPreview['checks'][number]['check'], string> = {
  valid_address: 'The address is valid, and its domain can be listed',
  not_public_mailbox: 'Its domain is neither a public mailbox provider nor a public suffix',
  domain_listed: 'This organization lists its domain',
  not_removed: 'No member with this address was removed',
};

function Decision({ of: preview }: { of: OrganizationPreview }) {
  const { icon: Icon, title } = DECISIONS[preview.decision];
  return (
    <div className={classes.decision}>
      <Icon
        className={classes.icon}
        data-decision={preview.decision}
        size={22}
        stroke={1.75}
        aria-hidden
      />
      <div className={classes.text}>
        <strong>{title}</strong>
        <div>{explanation(preview)}</div>
        <ul className={classes.checks} aria-label="Checks">
          {preview.checks.map(({ check, passed }) => (
            <li key={check}>
              {passed ? (
                <IconCheck size={14} role="img" aria-label="Yes:" />
              ) : (
                <IconX size={14} role="img" aria-label="No:" />
              )}
              {CHECKS[check]}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function explanation({ decision, reason, emailDomain, organizationRoles }: OrganizationPreview) {
  switch (decision) {
    case 'join':
      return `Roles: ${organizationRoles.map(({ name }) => name).join(', ') || 'none'}`;
    case 'refuse':
      return refusalOf(reason ?? '', emailDomain);
    default:
      return unhandled(decision);
  }
}

import { Loader, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconCheck, IconUserCheck, IconUserOff, IconX } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { OrganizationPreview } from '../api/types';
import { Section } from '../ui/Card';
import { ProblemAlert } from '../ui/ProblemAlert';
import classes from './Admission.module.css';
import { admissionQuery } from './queries';

interface Props {
  organizationId: string;
  /** Whether there are changes that the answer does not know of. */
  dirty: boolean;
}

/** Says of an address whether it would be admitted, with which roles, and if not, why. */
export function Admission({ organizationId, dirty }: Props) {
  const [text, setText] = useState('');
  const [email] = useDebouncedValue(text.trim(), 250);
  const admission = useQuery({
    ...admissionQuery(organizationId, email),
    placeholderData: keepPreviousData,
  });
  return (
    <Section
      title="Who would this admit?"
      lead={
        dirty
          ? 'Asks for somebody new, by what is saved: your unsaved changes do not count yet.'
          : 'Asks for somebody new who proves that the address is theirs. Nothing is written.'
      }
    >
      <TextInput
        type="email"
        className={classes.field}
        aria-label="An email address to try"
        placeholder="jane@acme.com"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        rightSection={admission.isFetching && <Loader size={16} />}
      />
      {email !== '' && (
        <>
          <ProblemAlert error={admission.error} />
          <div role="status">{admission.data && <Decision of={admission.data} />}</div>
        </>
      )}
    </Section>
  );
}

function Decision({
  of: { decision, detail, organizationRoles, rules },
}: {
  of: OrganizationPreview;
}) {
  const joins = decision === 'join';
  const roles = organizationRoles.map(({ name }) => name).join(', ');
  const Icon = joins ? IconUserCheck : IconUserOff;
  return (
    <div className={classes.decision}>
      <Icon className={classes.icon} data-joins={joins} size={22} stroke={1.75} aria-hidden />
      <div className={classes.text}>
        <strong>{joins ? 'Becomes a member' : 'Is not admitted'}</strong>
        <div>{joins ? `Roles: ${roles || 'none'}` : detail}</div>
        <ul className={classes.rules} aria-label="Rule by rule">
          {rules.map(({ rule, passed }) => (
            <li key={rule}>
              {passed ? (
                <IconCheck size={14} role="img" aria-label="Yes:" />
              ) : (
                <IconX size={14} role="img" aria-label="No:" />
              )}
              {RULES[rule]}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

const RULES: Record<OrganizationPreview['rules'][number]['rule'], string> = {
  valid_address: 'It is an address whose domain can be listed',
  not_public_mailbox: 'Its domain is not open to everybody',
  domain_listed: 'This organization lists its domain',
  not_removed: 'No member with this address was removed',
};

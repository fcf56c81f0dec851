import { Alert, Button, Checkbox, CopyButton, Group, NativeSelect } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { CheckedEmailDomain, EmailDomain } from '../api/types';
import { ByWhom } from '../ui/ByWhom';
import { Section } from '../ui/Card';
import { Details } from '../ui/Details';
import { Fact, Facts } from '../ui/Facts';
import { ProblemAlert } from '../ui/ProblemAlert';
import { When } from '../ui/When';
import { editOf } from './draft';
import classes from './Ownership.module.css';
import { answerWords, likelyZone, nameInZone, STATES, zonesOf } from './ownership';
import { verify } from './queries';
import { State } from './State';
import type { Editing } from './useEditor';
import { Vouch } from './Vouch';

/** Who owns a domain that is not saved yet: only how it begins can be said. */
export function NewOwnership({ domain, editing }: { domain: string; editing: Editing }) {
  const { ownership } = editOf(editing.draft.mine, domain);
  return (
    <Section title="Ownership" lead="You get the DNS record that proves it when you have saved.">
      <Checkbox
        label="Prove ownership first"
        description="Nobody joins by this domain until a DNS record proves that the organization owns it."
        checked={ownership === 'pending'}
        onChange={({ currentTarget: { checked } }) => editing.setProof(domain, checked)}
      />
    </Section>
  );
}

interface Props {
  organizationId: string;
  rule: EmailDomain;
}

/** Who owns a domain, how to prove it, and what DNS said. It takes effect at once, unlike the settings. */
export function Ownership({ organizationId, rule }: Props) {
  const { emailDomain, ownership } = rule;
  const { state, record } = ownership;
  const [vouching, vouch] = useDisclosure();
  const check = useMutation({ mutationFn: () => verify(organizationId, emailDomain) });
  const canVouch = state !== 'vouched' && state !== 'proven';
  return (
    <Section title="Ownership" lead={STATES[state].text}>
      <State of={state} brief />
      <Times of={ownership} />
      {record && <Record key={record.name} domain={emailDomain} record={record} />}
      <Group gap="xs">
        <Button
          variant={state === 'pending' || state === 'lapsed' ? 'filled' : 'default'}
          loading={check.isPending}
          onClick={() => check.mutate()}
        >
          {record ? 'Check DNS now' : 'Get the DNS record'}
        </Button>
        {canVouch && (
          <Button variant="default" onClick={vouch.open}>
            Vouch for it
          </Button>
        )}
        <span className={classes.hint}>This takes effect at once.</span>
      </Group>
      <ProblemAlert error={check.error} focused />
      <div role="status">
        <Answer ownership={ownership} dns={check.data?.dns} />
      </div>
      {vouching && (
        <Vouch organizationId={organizationId} domain={emailDomain} onClose={vouch.close} />
      )}
    </Section>
  );
}

function Times({ of: ownership }: { of: EmailDomain['ownership'] }) {
  const { checkedAt, provenAt, failingSince, vouchedBy } = ownership;
  return (
    <Facts>
      {vouchedBy && (
        <Fact term="Vouched">
          <ByWhom caller={vouchedBy} />
        </Fact>
      )}
      {provenAt && (
        <Fact term="Proven">
          <When at={provenAt} />
        </Fact>
      )}
      {failingSince && (
        <>
          <Fact term="Missing since">
            <When at={failingSince} />
          </Fact>
          {ownership.state === 'failing' && (
            <Fact term="Nobody joins from">
              <When at={lapseOf(failingSince)} />
            </Fact>
          )}
        </>
      )}
      <Fact term="Last check">{checkedAt ? <When at={checkedAt} /> : 'never'}</Fact>
    </Facts>
  );
}

/** When a domain lapses whose record has been missing since a moment. */
function lapseOf(failingSince: string): string {
  const lapse = new Date(failingSince);
  lapse.setUTCDate(lapse.getUTCDate() + DAYS_UNTIL_LAPSE);
  return lapse.toISOString();
}

const DAYS_UNTIL_LAPSE = 14;

interface RecordProps {
  domain: string;
  record: NonNullable<EmailDomain['ownership']['record']>;
}

/** The record to create in DNS, each part of it with a button that copies it. */
function Record({ domain, record: { type, name, value } }: RecordProps) {
  const [zone, setZone] = useState(() => likelyZone(domain));
  const zones = zonesOf(domain);
  return (
    <div className={classes.record}>
      <Part term="Type">{type}</Part>
      <Part term="Name" copied="the name">
        {name}
      </Part>
      <div>
        <Part term="Name without the zone" copied="the name without the zone">
          {nameInZone(name, zone)}
        </Part>
        {zones.length > 1 && (
          <NativeSelect
            aria-label="Zone"
            className={classes.zone}
            data={zones.map((each) => ({ value: each, label: `in the zone ${each}` }))}
            value={zone}
            onChange={(event) => setZone(event.currentTarget.value)}
          />
        )}
        <p className={classes.hint}>
          Most DNS panels ask for this name, and add the zone by themselves.
        </p>
      </div>
      <Part term="Value" copied="the value">
        {value}
      </Part>
    </div>
  );
}

interface PartProps {
  term: string;
  /** What the button copies, in words. */
  copied?: string;
  children: string;
}

function Part({ term, copied: what, children }: PartProps) {
  return (
    <div>
      <div className={classes.term}>{term}</div>
      <div className={classes.text}>
        <code>{children}</code>
        {what && (
          <CopyButton value={children}>
            {({ copied, copy }) => (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={copied ? `Copied ${what}` : `Copy ${what}`}
                onClick={copy}
              >
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
        )}
      </div>
    </div>
  );
}

interface AnswerProps {
  ownership: EmailDomain['ownership'];
  /** The answer to a check that was asked for here. */
  dns: CheckedEmailDomain['dns'] | undefined;
}

/** What DNS answered to the last check. */
function Answer({ ownership, dns }: AnswerProps) {
  const answer = dns?.answer ?? ownership.answer;
  if (!answer) return null;
  const { title, text } = answerWords(answer);
  const found = answer === 'found';
  return (
    <Alert
      role="group"
      color={found ? 'teal' : 'orange'}
      icon={found ? <IconCircleCheck aria-hidden /> : <IconInfoCircle aria-hidden />}
      title={title}
      classNames={{ body: classes.answer }}
    >
      <p>{text}</p>
      {answer === 'wrong_name' && dns && (
        <p className={classes.records}>
          DNS has it at <code>{dns.name}</code>.
        </p>
      )}
      {answer === 'other_records' && dns && (
        <>
          <p className={classes.records}>
            DNS has these at <code>{dns.name}</code>:
          </p>
          <ul>
            {dns.records.map((record) => (
              <li key={record}>
                <code>{record}</code>
              </li>
            ))}
          </ul>
        </>
      )}
      <Details>{dns?.detail ?? ownership.detail ?? undefined}</Details>
    </Alert>
  );
}

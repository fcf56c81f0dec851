import { Button, Title } from '@mantine/core';
import { IconArrowLeft, IconTrash, IconWorldOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { EmailDomain } from '../api/types';
import { ByWhom } from '../ui/ByWhom';
import { Card, Section } from '../ui/Card';
import { Fact, Facts } from '../ui/Facts';
import links from '../ui/links.module.css';
import { Notice } from '../ui/Notice';
import { When } from '../ui/When';
import classes from './DomainPage.module.css';
import { DomainSettingsForm } from './DomainSettingsForm';
import { othersText } from './DomainsTable';
import type { Rules } from './draft';
import { NewOwnership, Ownership } from './Ownership';
import { ownOf } from './own';
import { useSharedDomains } from './queries';
import type { Editing } from './useEditor';

interface Props {
  organizationId: string;
  domain: string;
  editing: Editing;
  /** What is stored about the domains. */
  stored: Rules;
  onRemove: () => void;
}

/** One domain of the draft: who owns it, and what it does. */
export function DomainPage({ organizationId, domain, editing, stored, onRemove }: Props) {
  const { base, mine } = editing.draft;
  const rule = base.domains.items.includes(domain) ? ownOf(stored, domain) : undefined;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (domain) heading.current?.focus({ preventScroll: true });
  }, [domain]);
  if (!mine.domains.includes(domain)) return <NotListed domain={domain} />;
  return (
    <>
      <div>
        <Back />
        <div className={classes.head}>
          <Title order={2} ref={heading} tabIndex={-1} className={classes.title}>
            {domain}
          </Title>
          <Button
            variant="default"
            c="var(--mantine-color-error)"
            leftSection={<IconTrash size={18} />}
            onClick={onRemove}
          >
            Remove
          </Button>
        </div>
        {rule && <About organizationId={organizationId} listed={base.domains.items} rule={rule} />}
      </div>
      {rule ? (
        <Ownership organizationId={organizationId} rule={rule} />
      ) : (
        <NewOwnership domain={domain} editing={editing} />
      )}
      <Section
        title="Settings"
        lead="What this domain does for users with a verified address in it. Changes apply when you save."
      >
        <DomainSettingsForm domain={domain} editing={editing} />
      </Section>
    </>
  );
}

function Back() {
  return (
    <Link from="/organizations/$organizationId/" to="." search={{}} className={links.back}>
      <IconArrowLeft size={16} aria-hidden /> All email domains
    </Link>
  );
}

interface AboutProps {
  organizationId: string;
  /** The domains that are stored. */
  listed: readonly string[];
  rule: EmailDomain;
}

function About({ organizationId, listed, rule }: AboutProps) {
  const { emailDomain } = rule;
  const others = ownOf(useSharedDomains(organizationId, listed, [emailDomain]), emailDomain);
  return (
    <Facts>
      <Fact term="Added">
        <When at={rule.addedAt} />
        <ByWhom caller={rule.addedBy} />
      </Fact>
      {others !== undefined && <Fact term="Also listed by">{othersText(others)}</Fact>}
    </Facts>
  );
}

function NotListed({ domain }: { domain: string }) {
  return (
    <Card>
      <Notice icon={IconWorldOff} title={`${domain} is not listed`}>
        It may have been removed. <Back />
      </Notice>
    </Card>
  );
}

import {
  type Icon,
  IconCheck,
  IconUserCheck,
  IconUserOff,
  IconUserQuestion,
  IconX,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { type OrganizationPreview, unhandled } from '../api/types';
import { refusalOf } from '../api/words';
import classes from './Admission.module.css';
import { ruleText } from './admission';

/** How each decision is shown. */
const DECISIONS: Record<OrganizationPreview['decision'], { icon: Icon; title: string }> = {
  join: { icon: IconUserCheck, title: 'Becomes a member' },
  request: { icon: IconUserQuestion, title: 'Asks to become a member' },
  refuse: { icon: IconUserOff, title: 'Is not admitted' },
};

const CHECKS: Record<OrganizationPreview['checks'][number]['check'], string> = {
  valid_address: 'The address is valid, and its domain can be listed',
  not_public_mailbox: 'Its domain is neither a public mailbox provider nor a public suffix',
  domain_listed: 'This organization lists its domain',
  provider_trusted: 'The identity provider may verify addresses',
  domain_proven: 'This organization owns the domain, or somebody vouches for it',
  provider_listed: 'This organization lists the identity provider',
  address_in_listed_domain: 'The address is in a proven domain of this organization',
  enrollment_on: 'The rule is switched on',
  not_removed: 'Nobody has removed a member with this address',
};

interface Props {
  of: OrganizationPreview;
  /** What the answer is about, if there are several. */
  about?: string | undefined;
  /** What to add to it. */
  children?: ReactNode;
}

/** What a preview says: the decision, the rule that decides, and each check. */
export function Verdict({ of: preview, about, children }: Props) {
  const { icon: Icon, title } = DECISIONS[preview.decision];
  const rule = ruleText(preview.rule);
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
        {about && <div className={classes.about}>{about}</div>}
        <strong>{title}</strong>
        <div>{explanation(preview)}</div>
        {rule !== undefined && <div>{`Rule: ${rule}`}</div>}
        {children}
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
  const roles = organizationRoles.map(({ name }) => name).join(', ') || 'none';
  switch (decision) {
    case 'join':
      return `Roles: ${roles}`;
    case 'request':
      return `An administrator approves or declines the request. Roles after the approval: ${roles}`;
    case 'refuse':
      return refusalOf(reason ?? '', emailDomain);
    default:
      return unhandled(decision);
  }
}

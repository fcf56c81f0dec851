import type { Enrollment } from '../api/types';
import type { DomainSettings } from './domainSettings';

interface Words {
  label: string;
  /** What happens to a new user. */
  text: string;
}

/** What each way to enroll users means. */
export const ENROLLMENTS: Record<Enrollment, Words> = {
  automatic: { label: 'Automatic', text: 'They become members at once.' },
  request: {
    label: 'On request',
    text: 'They ask to join, and become members when somebody approves.',
  },
  off: { label: 'Off', text: 'They do not become members by this domain.' },
};

/** How a domain enrolls users, in a few words. */
export function enrollmentText({ enrollment, existingUsers }: DomainSettings): string {
  const { label } = ENROLLMENTS[enrollment];
  if (existingUsers === null || existingUsers === enrollment) return label;
  return `${label}, existing users ${ENROLLMENTS[existingUsers].label.toLowerCase()}`;
}

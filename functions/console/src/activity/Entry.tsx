import { Link } from '@tanstack/react-router';
import type { Activity } from '../api/types';
import { By } from '../ui/By';
import { Dim } from '../ui/DataTable';
import classes from './Activity.module.css';
import { detailsOf, ENTRIES, type RoleName, reasonOf, type Subject, sentenceOf } from './sentences';

interface Props {
  of: Activity;
  roleName: RoleName;
}

/** What has happened, and what was before and is after. */
export function What({ of: entry, roleName }: Props) {
  const { before, subject, after } = sentenceOf(entry);
  const details = detailsOf(entry, roleName);
  return (
    <div>
      <div className={classes.sentence}>
        {before}
        {subject && <About of={subject} organizationId={entry.organizationId} />}
        {after}
      </div>
      {details.length > 0 && (
        <ul className={classes.details}>
          {details.map((detail) => (
            <li key={detail}>{detail}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function About({ of: subject, organizationId }: { of: Subject; organizationId: string }) {
  switch (subject.kind) {
    case 'user':
      return (
        <Link to="/users/$userId" params={{ userId: subject.id }}>
          {subject.name}
        </Link>
      );
    case 'domain':
      return (
        <Link
          to="/organizations/$organizationId"
          params={{ organizationId }}
          search={{ domain: subject.name }}
        >
          {subject.name}
        </Link>
      );
    default:
      return <b>{subject.name}</b>;
  }
}

/** Who did it. */
export function Who({ of: { actor } }: { of: Activity }) {
  const { type, entryPath, clientId = null, subject = null } = actor;
  switch (type) {
    case 'trigger':
      return entryPath ? ENTRIES[entryPath] : 'The user';
    case 'schedule':
      return 'Usher, on its schedule';
    default:
      return <By caller={clientId || subject ? { clientId, subject } : null} />;
  }
}

/** Why it happened. Where nothing more is known than that somebody did it, nothing is said. */
export function Why({ of: entry }: { of: Activity }) {
  return reasonOf(entry) ?? <Dim>–</Dim>;
}

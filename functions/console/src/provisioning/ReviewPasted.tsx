import { Checkbox, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type RefObject, useRef, useState } from 'react';
import { counted } from '../organizations/counts';
import { FormModal } from '../ui/FormModal';
import { ProblemAlert } from '../ui/ProblemAlert';
import type { DomainEdit } from './draft';
import { FEW, fewOf, MANY, Reasons } from './Reasons';
import classes from './Reasons.module.css';
import { wouldBeRefusedQuery } from './refusedDomains';
import { judged, type Review, reviewOf } from './review';

interface Props {
  organizationId: string;
  /** The parts of the text, of which each should be a domain. */
  parts: readonly string[];
  /** The domains in the draft. */
  list: readonly string[];
  /** Adds domains to the draft, and is told of those that the list has already. */
  onAdd: (review: Review, edit: DomainEdit) => void;
  onClose: () => void;
}

const initialValues = { prove: false };

/** Shows what would become of a pasted list before any of it is in the draft. */
export function ReviewPasted({ organizationId, parts: pasted, list, onAdd, onClose }: Props) {
  const [before] = useState(pasted);
  const [parts, setParts] = useState(before);
  const check = useQuery(wouldBeRefusedQuery(organizationId, judged(pasted)));
  const review = reviewOf(parts, list, check.data ?? {});
  const first = useRef<HTMLDivElement>(null);
  const count = review.added.length;
  const submit = ({ prove }: typeof initialValues) => {
    onAdd(review, prove ? { ownership: 'pending' } : {});
    return Promise.resolve(undefined);
  };
  return (
    <FormModal
      title="Check what you pasted"
      act={check.isPending || count > 0 ? `Add ${counted(count, 'domain')}` : 'Done'}
      isReady={!check.isPending}
      size="lg"
      isChanged={parts !== before}
      initialValues={initialValues}
      onSubmit={submit}
      onClose={onClose}
    >
      {({ getInputProps }) => (
        <>
          <div ref={first} tabIndex={-1} data-autofocus role="status" className={classes.first}>
            {check.isPending ? (
              <span className={classes.checking}>
                <Loader size={18} aria-hidden />
                Checking {counted(parts.length, 'entry', 'entries')}
              </span>
            ) : (
              <Names title={count === 0 ? 'Nothing new' : counted(count, 'new domain')}>
                {review.added}
              </Names>
            )}
          </div>
          {check.error && <NotChecked error={check.error} />}
          {!check.isPending && (
            <Others
              review={review}
              next={first}
              onDrop={(dropped) => {
                const gone = new Set(dropped);
                setParts(parts.filter((part) => !gone.has(part)));
              }}
              onMend={(mended) => setParts(parts.map((part) => mended.get(part) ?? part))}
            />
          )}
          {!check.isPending && count > 0 && (
            <Checkbox
              label="Prove ownership first"
              description="Nobody joins by these domains until a DNS record proves that the organization owns them."
              {...getInputProps('prove', { type: 'checkbox' })}
            />
          )}
        </>
      )}
    </FormModal>
  );
}

function NotChecked({ error }: { error: unknown }) {
  return (
    <>
      <ProblemAlert error={error} />
      <p>The domains could not be checked. They are checked when you save.</p>
    </>
  );
}

interface OthersProps {
  review: Review;
  /** What takes the focus when nothing is left to mend or to drop. */
  next: RefObject<HTMLDivElement | null>;
  onDrop: (parts: Iterable<string>) => void;
  onMend: (mended: ReadonlyMap<string, string>) => void;
}

/** The parts that would not be added: those that are listed, and those that cannot be. */
function Others({ review: { listed, refused }, next, onDrop, onMend }: OthersProps) {
  const left = Object.keys(refused).length;
  return (
    <>
      {listed.length > 0 && (
        <Names title={`${counted(listed.length, 'domain')} listed already`}>{listed}</Names>
      )}
      {left > 0 && (
        <section aria-label="Left out">
          <p className={classes.note}>
            <strong>{`${counted(left, 'entry', 'entries')} left out`}</strong>, unless you fix{' '}
            {left === 1 ? 'it' : 'them'}:
          </p>
          <Reasons
            refused={refused}
            next={next}
            isOpenAtFirst={left < MANY}
            onDrop={onDrop}
            onMend={onMend}
          />
        </section>
      )}
    </>
  );
}

/** How many domains there are of a kind, and which. */
function Names({ title, children: domains }: { title: string; children: readonly string[] }) {
  if (domains.length <= FEW) {
    return (
      <div className={classes.names}>
        <strong>{title}</strong> <span className={classes.instead}>{domains.join(', ')}</span>
      </div>
    );
  }
  return (
    <details className={classes.names}>
      <summary>
        <strong>{title}</strong> <span className={classes.instead}>{fewOf(domains)}</span>
      </summary>
      <ul className={classes.all}>
        {domains.map((domain) => (
          <li key={domain}>{domain}</li>
        ))}
      </ul>
    </details>
  );
}

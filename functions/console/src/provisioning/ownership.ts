import type { Ownership } from '../api/types';

type State = Ownership['state'];

interface StateWords {
  /** The state in one or two words. */
  label: string;
  /** How much it needs somebody: `good` needs nobody, `wait` a DNS record, `bad` one without delay. */
  tone: 'plain' | 'good' | 'wait' | 'bad';
  /** What to do next, in a few words; empty if there is nothing to do. */
  next: string;
  /** What the state means, and what happens next. */
  text: string;
}

/** What each state of the ownership of a domain means to the people who work with it. */
export const STATES: Record<State, StateWords> = {
  vouched: {
    label: 'Vouched for',
    tone: 'plain',
    next: '',
    text: 'An operator has vouched that the organization owns this domain. You can still prove it with a DNS record.',
  },
  pending: {
    label: 'Not proven yet',
    tone: 'wait',
    next: 'Create the DNS record',
    text: 'Nobody joins by this domain until a DNS record proves that the organization owns it. Create the record below. Usher looks for it by itself for 30 days.',
  },
  proven: {
    label: 'Proven',
    tone: 'good',
    next: '',
    text: 'A DNS record proves that the organization owns this domain. Keep the record: Usher looks for it once a day.',
  },
  failing: {
    label: 'Record missing',
    tone: 'bad',
    next: 'Restore the DNS record',
    text: 'The DNS record that proved this domain is gone. New members still join. If the record does not come back, this ends 14 days after it was found missing.',
  },
  lapsed: {
    label: 'Lapsed',
    tone: 'bad',
    next: 'Create the DNS record, then check it',
    text: 'Nobody joins by this domain any more, because its DNS record was not found. Members stay. Create the record below, then check it.',
  },
};

/** The states in the order of a list of them. */
export const ALL_STATES = Object.keys(STATES) as State[];

interface AnswerWords {
  title: string;
  text: string;
}

/** What an answer of DNS means, and what to do about it. A newer API may have others. */
export function answerWords(answer: string): AnswerWords {
  return ANSWERS[answer] ?? { title: `DNS answered: ${answer}`, text: 'Look at the details.' };
}

/** The words for each answer of DNS, by its name. */
export const ANSWERS: Record<string, AnswerWords> = {
  found: {
    title: 'The record was found',
    text: 'There is nothing to do. Keep the record.',
  },
  no_such_name: {
    title: 'DNS does not know this name',
    text: 'The record does not exist yet, or has another name. If you have just created it, it can take an hour to appear everywhere.',
  },
  no_txt_record: {
    title: 'The name has no TXT record',
    text: 'The name exists, but not with the type TXT. Look at the type of the record that you created.',
  },
  other_records: {
    title: 'The TXT records have other values',
    text: 'None of them is the value below. Copy it again as a whole, and create one more record if the others are needed.',
  },
  wrong_name: {
    title: 'The record was found under another name',
    text: 'Your DNS panel has added the zone to a name that had it already. Use the name without the zone in its place.',
  },
  server_failure: {
    title: 'The DNS servers of this domain reported a failure',
    text: 'This check does not count. If it happens again, ask whoever runs the DNS of this domain. Wrong DNSSEC signatures are a frequent cause.',
  },
  timed_out: {
    title: 'DNS did not answer in time',
    text: 'This check does not count. Check again in a few minutes.',
  },
  refused: {
    title: 'DNS refused to answer',
    text: 'This check does not count. The DNS servers of this domain may not be set up for it. Ask whoever runs its DNS.',
  },
};

/** The name of a record as DNS panels ask for it: without the zone that they manage. */
export function nameInZone(name: string, zone: string): string {
  return name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : name;
}

/** The zones in which the record of a domain can be: its own, and those of the domains above it. */
export function zonesOf(domain: string): string[] {
  const labels = domain.split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
}

/**
 * The zone that a domain most likely belongs to. Usher does not know where registries delegate: below
 * a short second label, as in `co.uk`, names of three labels are common.
 */
export function likelyZone(domain: string): string {
  const labels = domain.split('.');
  const second = labels.at(-2) ?? '';
  return labels.slice(second.length <= SHORT_LABEL ? -3 : -2).join('.');
}

const SHORT_LABEL = 3;

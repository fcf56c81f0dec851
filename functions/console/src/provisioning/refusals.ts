import { ApiError } from '../api/problem';
import { meantBy, SEVERAL_WORDS, SPELLING } from './pasted';

/** The codes with which the API refused domains, by domain (docs/errors.md). */
export type Refused = Readonly<Record<string, string>>;

/** The domains of a list that the API refuses. */
export interface RefusedDomains {
  codes: Refused;
  /** Whether these are all of them. If not, the list may have more. */
  complete: boolean;
}

/** The most refused values that the API names in one answer (docs/errors.md). */
export const MOST_NAMED = 100;

/** The code of a domain by which as many organizations admit as may. */
export const CROWDED = 'email_domain.too_many_organizations';

/** The code of a domain that as many organizations list as may, proven or not. */
export const CLAIMED = 'email_domain.too_many_claims';

/** The places in the list that the API refused, with the code of each, in the order of the list. */
export function refusedPlaces(error: unknown): [place: number, code: string][] {
  if (!(error instanceof ApiError)) return [];
  return error.violations.flatMap(({ pointer, code }) => {
    const [, place] = /^\/emailDomains\/(\d+)$/.exec(pointer) ?? [];
    return place === undefined ? [] : [[Number(place), code] as [number, string]];
  });
}

/** The codes of refused items, by item. */
export function refusedItems(items: readonly string[], error: unknown): Refused {
  const entries = refusedPlaces(error).map(([place, code]) => [items[place], code]);
  return Object.fromEntries(entries.filter(([item]) => item !== undefined));
}

interface Kind {
  /** What one such domain is. */
  one: string;
  /** What several such domains are. */
  many: string;
  /** What to do. */
  advice: string;
  /** Whether it is certain what is meant instead. If not, it has to be edited by hand. */
  mendable?: true;
}

/** Why the API refuses domains, in the console's words, by code. */
const KINDS: Record<string, Kind> = {
  'email_domain.public_mailbox': {
    one: 'is a public mailbox provider',
    many: 'are public mailbox providers',
    advice: 'Anybody can have an address there. List the organization’s own domain.',
  },
  'email_domain.public_suffix': {
    one: 'is a public suffix',
    many: 'are public suffixes',
    advice: 'Anybody can register a name below it. List the whole domain, such as acme.co.uk.',
  },
  'email_domain.email_address': {
    one: 'is an email address',
    many: 'are email addresses',
    advice: 'List only the part after the @.',
    mendable: true,
  },
  'email_domain.url': {
    one: 'is a web address',
    many: 'are web addresses',
    advice: 'List only its domain.',
    mendable: true,
  },
  'email_domain.ignored_characters': {
    one: 'has invisible characters',
    many: 'have invisible characters',
    advice: 'List it without them.',
    mendable: true,
  },
  'email_domain.wildcard': {
    one: 'has a *',
    many: 'have a *',
    advice: 'List the domain without it. Its settings can include its subdomains.',
  },
  [SPELLING]: {
    one: 'has capitals or marks around it',
    many: 'have capitals or marks around them',
    advice: 'List only the domain, in lower case.',
    mendable: true,
  },
  [SEVERAL_WORDS]: {
    one: 'has several words',
    many: 'have several words',
    advice: 'Only a list of domains can have spaces between them. List the domain alone.',
  },
  'email_domain.ip_address': {
    one: 'is an IP address',
    many: 'are IP addresses',
    advice: 'List a domain, such as acme.com.',
  },
  'email_domain.single_label': {
    one: 'has no dot',
    many: 'have no dot',
    advice: 'List the whole domain, such as acme.com.',
  },
  'email_domain.too_long': {
    one: 'is too long',
    many: 'are too long',
    advice: 'A domain has at most 253 characters, and 63 between two dots.',
  },
  [CROWDED]: {
    one: 'is already listed by 50 organizations',
    many: 'are already listed by 50 organizations',
    advice: 'Remove it from one of them first.',
  },
  [CLAIMED]: {
    one: 'is already listed by 1,000 organizations',
    many: 'are already listed by 1,000 organizations',
    advice: 'Remove it from one of them first.',
  },
  'email_domain.invalid': {
    one: 'is not a domain',
    many: 'are not domains',
    advice: 'A domain has letters, digits and hyphens, with dots between its parts.',
  },
};

const OTHER: Kind = {
  one: 'cannot be listed',
  many: 'cannot be listed',
  advice: 'Edit it, or drop it.',
};

/** Why a domain was refused, in a few words: `is an email address`. */
export function whyRefused(code: string): string {
  return (KINDS[code] ?? OTHER).one;
}

/** The domains that were refused for the same reason. */
export interface Group {
  code: string;
  /** `212 are public mailbox providers` */
  title: string;
  advice: string;
  domains: string[];
  /** What is certainly meant instead, by domain; empty if that cannot be known. */
  mended: ReadonlyMap<string, string>;
}

/** Refused domains by reason, the most frequent reason first. */
export function grouped(refused: Refused): Group[] {
  const byCode = new Map<string, string[]>();
  for (const [domain, code] of Object.entries(refused)) {
    byCode.set(code, [...(byCode.get(code) ?? []), domain]);
  }
  return [...byCode]
    .map(([code, domains]) => groupOf(code, domains))
    .toSorted((one, other) => other.domains.length - one.domains.length);
}

function groupOf(code: string, domains: string[]): Group {
  const { one, many, advice, mendable } = KINDS[code] ?? OTHER;
  const mended = mendable
    ? domains.map((domain) => [domain, meantBy(domain)?.domain] as const)
    : [];
  const certain = mended.filter((entry): entry is [string, string] => entry[1] !== undefined);
  const title = domains.length === 1 ? `1 ${one}` : `${domains.length} ${many}`;
  return { code, title, advice, domains, mended: new Map(certain) };
}

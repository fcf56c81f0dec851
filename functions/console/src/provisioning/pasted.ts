import { normalised } from './normalised';

// What a text that was typed or pasted means: a list of domains, with all that comes with them.

/** What has to be changed in a text to get the domain that it certainly means. */
export type Mending =
  | 'email_domain.email_address'
  | 'email_domain.url'
  | 'email_domain.ignored_characters'
  | typeof SPELLING;

/** The code of a domain with capitals, quotation marks, or punctuation around it. */
export const SPELLING = 'pasted.spelling';

/** The code of a text of several words, of which none is certainly meant. */
export const SEVERAL_WORDS = 'pasted.several_words';

/** The domain that a text certainly means. */
export interface Meant {
  domain: string;
  /** Absent if the text is this domain, as it stands. */
  mending?: Mending;
}

/**
 * The parts of a text that are a domain each. Commas, semicolons, tabs and lines are between them.
 * Spaces are so too if there is a domain on each side of each. If not, the words stay together: in
 * `Acme Rockets.com`, nobody meant `rockets.com`.
 */
export function partsOf(text: string): string[] {
  return text
    .split(/[,;\t\r\n\v\f\u2028\u2029]+/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => {
      const words = part.split(/\s+/);
      return words.every(meantBy) ? words : [part];
    });
}

/** The domain that a text certainly means, if there is one. */
export function meantBy(text: string): Meant | undefined {
  const bare = withoutMarks(text);
  const visible = bare.replace(IGNORED, '');
  const { host, mending } = hostIn(visible);
  const domain = normalised(host);
  if (!DOMAIN.test(domain)) return undefined;
  if (mending) return { domain, mending };
  if (visible !== bare) return { domain, mending: 'email_domain.ignored_characters' };
  const isAsItStands = visible === text && text === text.toLowerCase() && !ENDS_WITH_DOT.test(text);
  return isAsItStands ? { domain } : { domain, mending: SPELLING };
}

/** Whether a text is nothing but domains, in any spelling that the API accepts. */
export function isPlain(text: string): boolean {
  return partsOf(text).every((part) => meantBy(part)?.domain === normalised(part));
}

/** Whether a pasted text has to be looked at before it is taken in, unlike a piece of a domain. */
export function needsReview(text: string): boolean {
  const [part = '', ...others] = partsOf(text);
  if (others.length > 0) return true;
  return /\s/.test(part) || meantBy(part)?.mending !== undefined;
}

/** What looks like a domain, and not like an IP address. */
const DOMAIN = /^(?:[a-z0-9-]+\.)+(?=.*[a-z])[a-z0-9-]+$/;
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;
const ENDS_WITH_DOT = /[.。．｡]$/;

/** What stands before an item of a list. */
const BULLET = /^(?:[-–—*•·+]|\d+[.)])\s+/;
/** A name before an address: `Jane Doe <jane@acme.com>`. */
const NAMED_ADDRESS = /^[^<>]*<([^<>\s]+@[^<>\s]+)>$/;
const OPENING = /^[\s\p{Pi}\p{Ps}"'`„‚<]+/u;
const CLOSING = /[\s\p{Pf}\p{Pe}"'`“‘>.,;:!?…]+$/u;

/** A text without the marks that can stand around a domain or an address. */
function withoutMarks(text: string): string {
  const [, address] = NAMED_ADDRESS.exec(text.trim()) ?? [];
  const bare = (address ?? text.trim().replace(BULLET, ''))
    .replace(OPENING, '')
    .replace(CLOSING, '');
  // The end of an address.
  return bare.replace(/^@(?=[^@]+$)/, '');
}

/** The host of a URL or an address; the text itself if it is neither. */
function hostIn(text: string): { host: string; mending?: Mending } {
  const [, address] = /^mailto:([^?]*)/i.exec(text) ?? [];
  if (address === undefined && /[/?#]|:\d+$/.test(text)) {
    const [, host = ''] = /^(?:[^/?#]*:\/\/|\/*)(?:[^/?#]*@)?([^/?#:]*)/.exec(text) ?? [];
    return { host: withoutWww(host), mending: 'email_domain.url' };
  }
  const whole = address ?? text;
  if (!whole.includes('@')) return { host: whole };
  return { host: whole.slice(whole.lastIndexOf('@') + 1), mending: 'email_domain.email_address' };
}

/** Web servers have this label, and addresses do not. */
function withoutWww(host: string): string {
  return host.replace(/^www\.(?=[^.]+\.)/i, '');
}

/** The API's limits, in characters. */
const LONGEST = { name: 128, address: 1089 };

/** What a text may be, each in the form to ask the API for. A text can be several of these. */
export interface Recognised {
  /** The beginning of a name, a part of one, or an ID. */
  name?: string;
  /** The ID of a user. */
  userId?: string;
  /** An email domain. */
  domain?: string;
  /** An email address. */
  address?: string;
}

/** What a typed or pasted text may be: nothing if it is empty or too long for anything. */
export function recognise(typed: string): Recognised {
  // The API refuses control characters and parts of a character.
  const text = typed.replaceAll(/[\p{Cc}\p{Cs}\uFFFD]+/gu, ' ').trim();
  const found = {
    name: within(LONGEST.name, text),
    userId: SUB.exec(text)?.[0].toLowerCase(),
    domain: within(LONGEST.address, domainIn(text)),
    address: within(LONGEST.address, addressIn(text)),
  };
  return Object.fromEntries(Object.entries(found).filter(([, part]) => part));
}

/** The form of Cognito's `sub`. */
const SUB = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `jane@acme.com`, also as mail programs copy it: `Jane <jane@acme.com>`, `mailto:jane@acme.com`. */
function addressIn(text: string): string | undefined {
  const [, inBrackets] = /<([^<>]+)>$/.exec(text) ?? [];
  const [, linked] = /^mailto:([^?]*)/i.exec(text) ?? [];
  const address = (inBrackets ?? linked ?? text).trim();
  return /^[^@].*@./su.test(address) ? address : undefined;
}

/** `acme.com`, also as `@acme.com`, in the address of a website, and with other scripts' dots. */
function domainIn(text: string): string | undefined {
  const [, host] = /^https?:\/\/([^/?#:@\s]+)/i.exec(text) ?? [];
  const domain = host ?? text.replace(/^@/, '');
  return /^[^\s@/]+[.。．｡][^\s@/]+$/u.test(domain) ? domain : undefined;
}

/** A text that is not too long; the API counts characters, not units of UTF-16. */
function within(longest: number, text: string | undefined): string | undefined {
  return text !== undefined && [...text].length <= longest ? text : undefined;
}

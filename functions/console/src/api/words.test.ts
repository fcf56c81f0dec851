import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CODES, REASONS, reasonOf, refusalOf, wordsOf } from './words';

const read = (path: string) =>
  readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const found = (text: string, pattern: RegExp) => [
  ...new Set([...text.matchAll(pattern)].map(([, match]) => String(match))),
];

/** The codes of the tables in docs/errors.md, and the examples of the OpenAPI document. */
const documented = [
  ...found(read('docs/errors.md'), /^\| `([a-z_.]+)` \|/gm),
  ...found(read('functions/console/openapi.json'), /"code": \{[^}]*"example": "([^"]+)"/g),
];

/** The names of the reasons in the source of the decision, beside those that are codes. */
const reasons = [
  ...found(read('shared/src/domain/decision.rs'), /^ +Self::\w+(?:\(_\))? => "([a-z_]+)",$/gm),
  ...found(read('shared/src/domain/email_address.rs'), /=> "(email_address\.[a-z_]+)"/g),
];

describe('the words for codes', () => {
  it('has found the documented codes', () => {
    expect(documented.length).toBeGreaterThan(75);
    expect(documented).toContain('email_domain.public_mailbox');
  });

  it.each(documented)('include %s', (code) => {
    expect(Object.keys(CODES)).toContain(code);
  });

  it.each(Object.keys(CODES))('of %s are for people, and say what to do', (code) => {
    for (const known of [{}, { organization: 'acme', id: 'acme', name: 'Acme', user: 'joe' }]) {
      const { title, text } = wordsOf(code, 422, known);
      for (const sentence of [title, text]) expect(sentence).toMatch(/^[A-Z0-9“]/);
      expect(title).not.toMatch(/\.$/);
      expect(text).toMatch(/\.$/);
      expect(`${title} ${text}`).not.toMatch(/`|POST|PUT|PATCH|GET |DELETE|undefined|null/);
    }
  });

  it.each([400, 401, 403, 404, 413, 429, 500, 502, 503, 504])('include the status %i', (status) => {
    expect(wordsOf(undefined, status).title).not.toBe(wordsOf().title);
  });

  it('name the code of a value that they do not know', () => {
    expect(reasonOf('new.code')).toBe('Usher does not accept this value (new.code).');
  });
});

describe('the words for reasons', () => {
  it('has found the reasons', () => {
    expect(reasons).toEqual(expect.arrayContaining(['not_listed', 'email_address.domain']));
    expect(reasons.length).toBeGreaterThanOrEqual(14);
  });

  it.each(reasons)('include %s', (reason) => {
    expect([...Object.keys(REASONS), ...Object.keys(CODES)]).toContain(reason);
    for (const domain of ['acme.example', null]) {
      expect(refusalOf(reason, domain)).toMatch(/^[A-Z][^`]*\.$/);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/problem';
import { grouped, refusedItems, refusedPlaces, whyRefused } from './refusals';

describe('refusedItems', () => {
  const problem = {
    title: 'Unprocessable Entity',
    detail: '2 values cannot be accepted',
    errors: [
      { pointer: '/emailDomains/1', code: 'email_domain.single_label', detail: 'It has no dot.' },
      { pointer: '/elsewhere', code: 'other', detail: 'Not of the list.' },
    ],
  };

  it('has the item that a pointer refers to', () => {
    const error = ApiError.of(new Response(null, { status: 422 }), problem);
    expect(refusedPlaces(error)).toEqual([[1, 'email_domain.single_label']]);
    expect(refusedItems(['a.example', 'localhost'], error)).toEqual({
      localhost: 'email_domain.single_label',
    });
  });

  it('has nothing of an error without a response', () => {
    expect(refusedItems(['a.example'], new TypeError('Failed to fetch'))).toEqual({});
  });
});

describe('grouped', () => {
  it('counts the domains of each reason, the most frequent one first', () => {
    const groups = grouped({
      localhost: 'email_domain.single_label',
      'gmail.com': 'email_domain.public_mailbox',
      'web.de': 'email_domain.public_mailbox',
      'x.example': 'email_domain.of_a_newer_api',
    });
    expect(groups.map(({ title, domains }) => [title, domains])).toEqual([
      ['2 are public mailbox providers', ['gmail.com', 'web.de']],
      ['1 has no dot', ['localhost']],
      ['1 cannot be listed', ['x.example']],
    ]);
    expect(whyRefused('email_domain.email_address')).toBe('is an email address');
  });

  const mended = (code: string, domain: string) =>
    grouped({ [domain]: code })[0]?.mended.get(domain);

  it('mends an address to its domain', () => {
    for (const [address, domain] of [
      ['jane@acme.example', 'acme.example'],
      ['Jane@ACME.example.', 'acme.example'],
      ['a@b@acme.example', 'acme.example'],
      ['@acme.example', 'acme.example'],
      ['jane@bücher.example', 'xn--bcher-kva.example'],
      ['<jane@acme.example>', 'acme.example'],
      ['jane@', undefined],
      ['jane@localhost', undefined],
      ['jane@*.acme.example', undefined],
      ['jane@10.0.0.1', undefined],
    ] as const) {
      expect(mended('email_domain.email_address', address)).toBe(domain);
    }
  });

  it('mends a web address to its host', () => {
    for (const [url, host] of [
      ['https://acme.example', 'acme.example'],
      ['https://WWW.acme.example:8443/a/b?c=d@e.example#f', 'acme.example'],
      ['//acme.example/', 'acme.example'],
      ['acme.example/', 'acme.example'],
      ['acme.example?a=//b.example', 'acme.example'],
      ['ftp://user:secret@acme.example/x', 'acme.example'],
      ['https://*.acme.example/', undefined],
      ['https://[::1]/', undefined],
      ['https://', undefined],
    ] as const) {
      expect(mended('email_domain.url', url)).toBe(host);
    }
  });

  it('mends nothing whose meaning would change', () => {
    expect(mended('email_domain.wildcard', '*.acme.example')).toBeUndefined();
    expect(mended('email_domain.public_suffix', 'co.uk')).toBeUndefined();
    expect(mended('email_domain.ignored_characters', 'ac\u00ADme.example')).toBe('acme.example');
  });
});

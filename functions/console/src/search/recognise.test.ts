import { describe, expect, it } from 'vitest';
import { recognise } from './recognise';

const SUB = '5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f4c11';

describe('recognise', () => {
  it.each([
    ['nothing', '', {}],
    ['white space', ' \t\n', {}],
    ['a name', ' Acme 100% "Rockets" ', { name: 'Acme 100% "Rockets"' }],
    ['an address', ' jane@acme.com', { name: 'jane@acme.com', address: 'jane@acme.com' }],
    [
      'an address at no domain',
      'jane@localhost',
      { name: 'jane@localhost', address: 'jane@localhost' },
    ],
    ['an address that is still typed', 'jane@', { name: 'jane@' }],
    [
      'an address with a quoted part',
      '"a b"@acme.com',
      { name: '"a b"@acme.com', address: '"a b"@acme.com' },
    ],
    ['a domain', 'Acme.COM', { name: 'Acme.COM', domain: 'Acme.COM' }],
    ['a domain after an @', '@acme.com', { name: '@acme.com', domain: 'acme.com' }],
    [
      'a domain in another script',
      'bücher.example',
      { name: 'bücher.example', domain: 'bücher.example' },
    ],
    ['a domain with wide dots', 'acme。com', { name: 'acme。com', domain: 'acme。com' }],
    ['no domain', 'Dr. No', { name: 'Dr. No' }],
    ['half a domain', 'acme.', { name: 'acme.' }],
    ['the id of a user', SUB.toUpperCase(), { name: SUB.toUpperCase(), userId: SUB }],
  ])('knows %s', (_, text, what) => {
    expect(recognise(text)).toEqual(what);
  });

  it.each([
    'Jane Doe <jane@acme.com>',
    'mailto:jane@acme.com',
    'MAILTO:jane@acme.com?subject=Hello',
    '<jane@acme.com>',
  ])('finds the address in %s', (text) => expect(recognise(text).address).toBe('jane@acme.com'));

  it.each(['https://acme.com', 'HTTP://acme.com:8080/about?a=b', 'https://acme.com#top'])(
    'finds the domain in %s',
    (text) => expect(recognise(text).domain).toBe('acme.com'),
  );

  it('asks for nothing that the API refuses', () => {
    expect(recognise('a\u0000b\ud800c\ufffdd')).toEqual({ name: 'a b c d' });
    expect(recognise('😀'.repeat(128))).toEqual({ name: '😀'.repeat(128) });
    expect(recognise('a'.repeat(129))).toEqual({});
    const longest = `${'a'.repeat(1089 - 9)}@acme.com`;
    expect(recognise(longest)).toEqual({ address: longest });
    expect(recognise(`a${longest}`)).toEqual({});
  });
});

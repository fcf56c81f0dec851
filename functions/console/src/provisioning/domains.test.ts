import { describe, expect, it } from 'vitest';
import { normalised, sayRepeated, splitDomains, takenIn } from './domains';

describe('splitDomains', () => {
  it('splits on commas, semicolons, spaces, tabs and lines of any system', () => {
    const text = 'a.example,b.example;c.example d.example\te.example\nf.example\r\ng.example';
    expect(splitDomains(text)).toEqual('abcdefg'.split('').map((name) => `${name}.example`));
  });

  it('ignores repeated separators, and those at the ends', () => {
    expect(splitDomains(' , a.example ,;\n\n b.example\n')).toEqual(['a.example', 'b.example']);
    expect(splitDomains(' ,\n')).toEqual([]);
    expect(splitDomains('')).toEqual([]);
  });

  it('leaves the validation to the API', () => {
    expect(splitDomains('jane@acme.example https://acme.example')).toEqual([
      'jane@acme.example',
      'https://acme.example',
    ]);
  });
});

describe('normalised', () => {
  it('is the form in which the API stores a domain', () => {
    for (const [text, domain] of [
      ['ACME.example', 'acme.example'],
      ['acme.example.', 'acme.example'],
      ['BÜCHER.example', 'xn--bcher-kva.example'],
      ['bu\u0308cher.example', 'xn--bcher-kva.example'],
      ['XN--BCHER-KVA.example', 'xn--bcher-kva.example'],
      ['straße.example', 'xn--strae-oqa.example'],
      ['ａｃｍｅ。example', 'acme.example'],
    ] as const) {
      expect(normalised(text)).toBe(domain);
      expect(normalised(domain)).toBe(domain);
    }
  });

  it('leaves what the API refuses as it was typed', () => {
    for (const text of [
      'Jane@ACME.example',
      'https://ACME.example/',
      '*.ACME.example',
      'ac\u00ADme.example',
      'ac\u200Bme.example',
      'a_b.Example',
      '[::1]',
      'ACME.example:443',
    ]) {
      expect(normalised(text)).toBe(text);
    }
    expect(normalised('1.2')).toBe('1.2');
  });
});

describe('takenIn', () => {
  it('adds what the list does not have, however it is spelled', () => {
    const text = 'ACME.example, New.example new.example. bücher.example';
    expect(takenIn(['acme.example', 'xn--bcher-kva.example'], text)).toEqual({
      domains: ['acme.example', 'xn--bcher-kva.example', 'new.example'],
      repeated: ['acme.example', 'new.example', 'xn--bcher-kva.example'],
      text: '',
    });
  });

  it('leaves a single domain that the list has in the field', () => {
    expect(takenIn(['acme.example'], ' ACME.example ')).toEqual({
      domains: ['acme.example'],
      repeated: ['acme.example'],
      text: 'ACME.example',
    });
  });
});

describe('sayRepeated', () => {
  it('names the first of them', () => {
    expect(sayRepeated([])).toBeUndefined();
    expect(sayRepeated(['a.example'])).toBe('a.example is already listed.');
    expect(sayRepeated(['a.example', 'b.example', 'c.example', 'd.example', 'e.example'])).toBe(
      '5 domains are already listed: a.example, b.example, c.example and 2 more.',
    );
  });
});

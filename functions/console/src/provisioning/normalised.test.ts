import { describe, expect, it } from 'vitest';
import { normalised } from './normalised';

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

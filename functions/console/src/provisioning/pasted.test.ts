import { describe, expect, it } from 'vitest';
import { isPlain, meantBy, needsReview, partsOf } from './pasted';

describe('partsOf', () => {
  it('splits on commas, semicolons, tabs and lines of any system', () => {
    const text = 'a.example,b.example;c.example\td.example\ne.example\r\nf.example\u2028g.example';
    expect(partsOf(text)).toEqual('abcdefg'.split('').map((name) => `${name}.example`));
  });

  it('splits on spaces between domains, in whichever form they are', () => {
    expect(partsOf(' a.example  B.example https://c.example/x jane@d.example')).toEqual([
      'a.example',
      'B.example',
      'https://c.example/x',
      'jane@d.example',
    ]);
  });

  it('ignores repeated separators, and those at the ends', () => {
    expect(partsOf(' , a.example ,;\n\n b.example\n')).toEqual(['a.example', 'b.example']);
    expect(partsOf(' ,\n')).toEqual([]);
    expect(partsOf('')).toEqual([]);
  });

  it('never cuts a text of several words into a domain that nobody meant', () => {
    for (const text of [
      'Acme Rockets.example',
      'Müller und Söhne.example',
      'St. Gallen.example',
      'a.example and b.example',
      'a.example localhost',
      'Acme (acme.example)',
      'acme . example',
      'New\u00A0York.example',
    ]) {
      expect(partsOf(`x.example, ${text}\ny.example`)).toEqual(['x.example', text, 'y.example']);
    }
  });
});

describe('meantBy', () => {
  it('is a domain as it stands', () => {
    for (const [text, domain] of [
      ['acme.example', 'acme.example'],
      ['bücher.example', 'xn--bcher-kva.example'],
      ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ] as const) {
      expect(meantBy(text)).toEqual({ domain });
    }
  });

  it('mends capitals, and marks around a domain', () => {
    for (const text of [
      'ACME.example',
      'acme.example.',
      '@acme.example',
      '"acme.example"',
      '“acme.example”',
      '«acme.example»',
      '‚acme.example‘',
      "'acme.example',",
      '`acme.example`',
      '(acme.example)',
      '<acme.example>',
      '- acme.example',
      '• acme.example',
      '12. acme.example',
      'acme.example!',
    ]) {
      expect(meantBy(text)).toEqual({ domain: 'acme.example', mending: 'pasted.spelling' });
    }
  });

  it('mends addresses and URLs', () => {
    for (const [text, mending] of [
      ['jane@acme.example', 'email_domain.email_address'],
      ['Jane Doe <Jane@ACME.example>', 'email_domain.email_address'],
      ['mailto:jane@acme.example?subject=a@b.example', 'email_domain.email_address'],
      ['a@b@acme.example', 'email_domain.email_address'],
      ['https://www.acme.example/a?b=c@d.example', 'email_domain.url'],
      ['acme.example:443', 'email_domain.url'],
      ['acme.example/', 'email_domain.url'],
      ['ac\u00ADme.example', 'email_domain.ignored_characters'],
    ] as const) {
      expect(meantBy(text)).toEqual({ domain: 'acme.example', mending });
    }
  });

  it('is nothing if it is not certain', () => {
    for (const text of [
      '',
      'acme',
      'Acme Rockets.example',
      '*.acme.example',
      'acme..example',
      '10.0.0.1',
      'https://[::1]/',
      'jane@localhost',
      'a_b.example',
      'https://',
    ]) {
      expect(meantBy(text)).toBeUndefined();
    }
  });
});

describe('a text', () => {
  it('is plain if it is nothing but domains that the API accepts', () => {
    expect(isPlain('a.example B.example. bücher.example')).toBe(true);
    for (const text of ['jane@a.example', '"a.example"', 'localhost', 'Acme Rockets.example']) {
      expect(isPlain(text)).toBe(false);
    }
  });

  it('needs a review if it is a list, or has to be mended, but not if it is a piece', () => {
    for (const text of ['a.example b.example', '@a.example', 'A.example', 'Acme Rockets.example']) {
      expect(needsReview(text)).toBe(true);
    }
    for (const text of ['a.example', 'acme', 'example', '']) expect(needsReview(text)).toBe(false);
  });
});

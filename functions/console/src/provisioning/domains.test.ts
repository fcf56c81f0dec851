import { describe, expect, it } from 'vitest';
import { joinDomains, splitDomains } from './domains';

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

describe('joinDomains', () => {
  it('keeps the first spelling of each, regardless of case', () => {
    expect(joinDomains(['acme.example'], ['ACME.example', 'New.example', 'new.example'])).toEqual([
      'acme.example',
      'New.example',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { sorted, splitNames } from './names';

describe('the names of providers in a text', () => {
  it('are separated by spaces and lines, also after a comma', () => {
    expect(splitNames(' Acme-Okta, Acme-Entra;\tGoogle\r\nOther ')).toEqual([
      'Acme-Okta',
      'Acme-Entra',
      'Google',
      'Other',
    ]);
    expect(splitNames(' \n ')).toEqual([]);
  });

  it('may have any punctuation', () => {
    expect(splitNames('Acme,Inc R&D/SSO; a|b')).toEqual(['Acme,Inc', 'R&D/SSO', 'a|b']);
  });

  it('are added once, and case matters', () => {
    expect(sorted(['Okta'], 'okta Okta Entra Entra')).toEqual({
      added: ['okta', 'Entra'],
      repeated: ['Okta', 'Entra'],
    });
  });
});

import { describe, expect, it } from 'vitest';
import { isExact, membersSearch, parametersOf } from './search';

describe("the search of the page's address", () => {
  it('is taken as it is', () => {
    const search = { q: 'jane', role: 'role_1', joined: 'hand' };
    expect(membersSearch(search)).toEqual(search);
    expect(membersSearch({ q: 2026, joined: 'acme.example' })).toEqual({
      q: '2026',
      joined: 'acme.example',
    });
    expect(membersSearch({ joined: 'provider/Acme' })).toEqual({ joined: 'provider/Acme' });
  });

  it('loses what makes no sense', () => {
    expect(membersSearch({ q: ['a'], role: 'a b', joined: 'somehow', other: 1 })).toEqual({});
    expect(membersSearch({ q: ' ', role: '', joined: null })).toEqual({});
    expect(membersSearch({ joined: 'provider/' })).toEqual({});
    expect(membersSearch({ joined: 'provider/a b' })).toEqual({});
  });
});

it.each([
  ['hand', { rule: 'api' }],
  ['PostConfirmation', { rule: 'email_domain', entryPath: 'PostConfirmation' }],
  ['acme.example', { emailDomain: 'acme.example' }],
  ['provider', { rule: 'sso_connector' }],
  ['provider/Acme', { ssoConnectorId: 'Acme' }],
  ['provider/acme.example', { ssoConnectorId: 'acme.example' }],
])('the filter %s becomes parameters of the API', (joined, parameters) => {
  expect(parametersOf({ joined })).toEqual(parameters);
});

it.each([
  ['jane@acme.example', true],
  ['jane@acme', false],
  ['jane', false],
  ['5b0f6c1e-9d0c-4f0b-8f5e-0c2f6a7f4c11', true],
  ['5b0f6c1e-9d0c', false],
])('%s is looked for in the whole organization: %s', (text, exact) => {
  expect(isExact(text)).toBe(exact);
});

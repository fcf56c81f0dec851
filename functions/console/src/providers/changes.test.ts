import { describe, expect, it } from 'vitest';
import { areProvidersChanged, mergeProviders, providersChanges } from './changes';
import { DEFAULTS, type ProviderSettings } from './settings';

const REQUEST: ProviderSettings = { ...DEFAULTS, enrollment: 'request' };
const VIEWER: ProviderSettings = { ...DEFAULTS, organizationRoleIds: ['viewer'] };

const list = (all: Record<string, ProviderSettings>) =>
  Object.entries(all).map(([id, settings]) => ({ id, ...settings }));

describe('the differences between lists of providers', () => {
  it('are the providers that only one has, and the settings that differ', () => {
    const before = list({ a: DEFAULTS, b: DEFAULTS, c: DEFAULTS });
    const off: ProviderSettings = { ...DEFAULTS, enrollment: 'off', organizationRoleIds: [] };
    expect(providersChanges(before, list({ d: REQUEST, c: off, a: { ...DEFAULTS } }))).toEqual({
      added: ['d'],
      removed: ['b'],
      changed: [{ id: 'c', settings: ['enrollment', 'organizationRoleIds'] }],
    });
  });

  it('are none if only an order differs', () => {
    const one = list({ a: DEFAULTS, b: { ...DEFAULTS, organizationRoleIds: ['x', 'y'] } });
    const other = list({ b: { ...DEFAULTS, organizationRoleIds: ['y', 'x'] }, a: DEFAULTS });
    expect(areProvidersChanged(providersChanges(one, other))).toBe(false);
  });

  it('tell no roles from the default roles', () => {
    const none = list({ a: { ...DEFAULTS, organizationRoleIds: [] } });
    const changes = providersChanges(list({ a: DEFAULTS }), none);
    expect(changes.changed).toEqual([{ id: 'a', settings: ['organizationRoleIds'] }]);
    expect(areProvidersChanged(changes)).toBe(true);
  });
});

describe('merged lists of providers', () => {
  const base = list({ a: DEFAULTS, b: DEFAULTS });

  it('have what each side has added, and not what one has removed', () => {
    const mine = list({ a: DEFAULTS, mine: REQUEST });
    const theirs = list({ b: DEFAULTS, theirs: VIEWER });
    expect(mergeProviders(base, mine, theirs)).toEqual(list({ theirs: VIEWER, mine: REQUEST }));
  });

  it('have the settings that only they changed, and mine where both did', () => {
    const mine = list({ a: REQUEST, b: { ...DEFAULTS, organizationRoleIds: [] } });
    expect(mergeProviders(base, mine, list({ a: VIEWER, b: VIEWER }))).toEqual(
      list({
        a: { enrollment: 'request', organizationRoleIds: ['viewer'], emailDomains: 'any' },
        b: { enrollment: 'automatic', organizationRoleIds: [], emailDomains: 'any' },
      }),
    );
  });

  it('keep mine of a provider that both have added', () => {
    const mine = list({ a: DEFAULTS, b: DEFAULTS, c: REQUEST });
    const theirs = list({ a: DEFAULTS, b: DEFAULTS, c: VIEWER });
    expect(mergeProviders(base, mine, theirs)).toContainEqual({ id: 'c', ...REQUEST });
  });

  it('lose a provider that they removed, also with settings that I changed', () => {
    const mine = list({ a: REQUEST, b: DEFAULTS });
    expect(mergeProviders(base, mine, list({ b: DEFAULTS }))).toEqual(list({ b: DEFAULTS }));
  });

  it('keep providers with any name', () => {
    const odd = list({ a: DEFAULTS, b: DEFAULTS, constructor: REQUEST, 'a,b': VIEWER });
    expect(mergeProviders(base, odd, base)).toEqual(odd);
  });
});
